"""Things that go wrong at the Bot Connector, at the login and at Graph: what each one is, as plain data.

A fault hits one request. ``accepted`` says whether the message is in the chat all the same, which is what makes an
outcome unknown to the bot; nobody but the ledger can tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bellwire.simulator import refusal as no
from bellwire.simulator.refusal import Envelope, Refusal

LOGIN_OPERATIONS = frozenset({"token", "keys", "metadata"})
GRAPH_OPERATIONS = frozenset({"look_up", "members", "catalogue", "install", "installs", "chat", "application"})
BY_NAME_ONLY = LOGIN_OPERATIONS | GRAPH_OPERATIONS
"""Operations that only a fault which names them hits."""


class Deed(StrEnum):
    """What a fault does."""

    ANSWER = "answer"  # answers with a status and a code
    RESET = "reset"  # cuts the connection
    STALL = "stall"  # holds the request for some seconds, or until released; then goes on as if nothing was
    GARBLE = "garble"  # answers 201 with half of a JSON document
    UNINSTALL = "uninstall"  # the person uninstalls the app just before the request is looked at
    DELETE_CHAT = "delete_chat"  # the person deletes the chat just before
    BLOCK = "block"  # the person blocks the bot just before
    DISABLE = "disable"  # an administrator disables the app for the person just before
    BEGIN_CHAT = "begin_chat"  # the person begins a chat with a flow's agent just before
    END_CHAT = "end_chat"  # and ends it
    REVOKE_TOKENS = "revoke_tokens"  # no token is good any longer, this request's neither
    JUMP_CLOCK = "jump_clock"  # the clock of Teams jumps


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault and, in its last four fields, which requests it hits.

    ``seconds`` is how long a stall holds (None: until released) or how far the clock jumps; with ``drop`` a stall ends
    by cutting the connection. ``retry_after`` is in seconds, sent as a date with ``as_date``. ``person`` is an Entra
    object id in lower case, ``text`` the whole text of the message.
    """

    deed: Deed
    status: int = 0
    code: str | None = None
    envelope: Envelope = Envelope.MODERN
    retry_after: int | None = None
    as_date: bool = False
    seconds: float | None = None
    accepted: bool = False
    drop: bool = False
    person: str | None = None
    text: str | None = None
    operation: str | None = None
    times: int = 1

    @property
    def name(self) -> str:
        """A short name for records and pages."""
        if self.deed is not Deed.ANSWER:
            ending = " and drop" if self.drop else ""
            return f"{self.deed.value}{ending}{' after acceptance' if self.accepted else ''}"
        form = "" if self.envelope is Envelope.MODERN else f" {self.envelope.value}"
        return f"{self.status} {self.refusal(None).code}{form}{' after acceptance' if self.accepted else ''}"

    def refusal(self, now: datetime | None) -> Refusal:
        """The answer of an ANSWER fault; ``now`` is for a Retry-After date."""
        known = no.BY_CODE.get(self.code or "") or no.BY_STATUS.get(self.status)
        message = known.message if known is not None else "Something went wrong."
        refusal = Refusal(self.status, self.code or (known.code if known else "ServiceError"), message, self.envelope)
        if self.retry_after is None:
            return refusal
        return refusal.after(self.retry_after, now if self.as_date else None)

    def hits(self, operation: str, person: str | None, text: str | None) -> bool:
        """Whether this request is one of those that it is meant for. Login and Graph are hit by name only."""
        if self.operation is None and operation in BY_NAME_ONLY:
            return False
        return (
            self.operation in (None, operation)
            and self.person in (None, person)
            and (self.text is None or self.text == text)
        )


def answer(status: int, code: str | None = None, **more: Any) -> Fault:
    """Any status, with its usual code unless another is named."""
    return Fault(Deed.ANSWER, status=status, code=code, **more)


def throttled(retry_after: int | None = None, **more: Any) -> Fault:
    """429, with or without Retry-After."""
    return answer(429, retry_after=retry_after, **more)


def answer_lost(**more: Any) -> Fault:
    """The message is accepted, and the connection cut before the answer."""
    return Fault(Deed.RESET, accepted=True, **more)


def reset(**more: Any) -> Fault:
    """The connection is cut; the message is not accepted."""
    return Fault(Deed.RESET, **more)


def stall(seconds: float | None = None, **more: Any) -> Fault:
    """The request is held; with ``accepted`` the message is in the chat before the wait, else after it.

    With ``drop`` the wait ends by cutting the connection: what was not accepted before it never is.
    """
    return Fault(Deed.STALL, seconds=seconds, **more)


def garbled(**more: Any) -> Fault:
    """The message is accepted, and the 201 carries half of a JSON document."""
    return Fault(Deed.GARBLE, accepted=True, **more)


def forbidden(code: str, *, envelope: Envelope = Envelope.MODERN, **more: Any) -> Fault:
    """403 with this code."""
    return answer(403, code, envelope=envelope, **more)


def clock_jump(seconds: float, **more: Any) -> Fault:
    """Teams' clock jumps forward, or back."""
    return Fault(Deed.JUMP_CLOCK, seconds=seconds, **more)
