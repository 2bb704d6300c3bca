"""One Message to one Recipient: its states, the ways between them, and nothing else.

The table ``TRANSITIONS`` is the only place where a way between two states is allowed; the database repeats the
states as CHECK constraints. Final states set ``finished_at``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final

from bellwire.model.reason import Reason
from bellwire.model.recipient import Person, Recipient


class State(StrEnum):
    """Where a delivery stands."""

    QUEUED = "queued"
    SENDING = "sending"
    WAITING = "waiting"
    SENT = "sent"
    UNDELIVERABLE = "undeliverable"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def final(self) -> bool:
        """Whether nothing more happens by itself."""
        return self in FINAL


FINAL: Final = frozenset({State.SENT, State.UNDELIVERABLE, State.UNKNOWN, State.CANCELLED, State.EXPIRED})
OPEN: Final = frozenset(State) - FINAL

TRANSITIONS: Final = MappingProxyType(
    {
        State.QUEUED: frozenset({State.SENDING, State.UNDELIVERABLE, State.CANCELLED, State.EXPIRED}),
        State.SENDING: frozenset(
            {State.SENT, State.QUEUED, State.WAITING, State.UNDELIVERABLE, State.UNKNOWN, State.EXPIRED}
        ),
        State.WAITING: frozenset({State.QUEUED, State.UNDELIVERABLE, State.CANCELLED, State.EXPIRED}),
        State.SENT: frozenset[State](),
        State.UNDELIVERABLE: frozenset[State](),
        State.UNKNOWN: frozenset[State](),
        State.CANCELLED: frozenset[State](),
        State.EXPIRED: frozenset[State](),
    }
)


class Priority(IntEnum):
    """The order in which a lane's deliveries go out; the smaller number first."""

    URGENT = 0
    NORMAL = 1
    BULK = 2


class IfUnreachable(StrEnum):
    """What the caller wants for someone who cannot be reached at present."""

    FAIL = "fail"
    WAIT = "wait"
    INSTALL = "install"


class IfChatActive(StrEnum):
    """What the caller wants when the person is in the middle of a chat with the agent (senders of kind ``flow``)."""

    WAIT = "wait"
    GIVE_UP = "give_up"


class OnUnknown(StrEnum):
    """What the caller wants when the request was written and no answer came: at most once, or at least once."""

    HOLD = "hold"
    RESEND = "resend"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The row. Times are aware and in UTC. ``run_at`` is when it may next be claimed."""

    id: str
    message_id: str
    person: Person
    recipient: Recipient
    state: State
    priority: Priority
    run_at: datetime
    accepted_at: datetime
    expires_at: datetime | None = None
    if_unreachable: IfUnreachable = IfUnreachable.FAIL
    on_unknown: OnUnknown = OnUnknown.HOLD
    if_chat_active: IfChatActive = IfChatActive.WAIT
    caller_reference: str | None = None
    attempts: int = 0
    reason: Reason | None = None
    conversation_id: str | None = None
    service_url: str | None = None
    activity_id: str | None = None
    finished_at: datetime | None = None
    resend_of: str | None = None
    changed_at: datetime | None = None
    taken_back_at: datetime | None = None
