"""What became of one request to Teams: the only words that a sender may answer with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bellwire.model.reason import Reason


class Step(StrEnum):
    """What an attempt asked of Teams."""

    OPEN_CHAT = "open_chat"
    OPEN_CHAT_AS_MEMBER = "open_chat_as_member"
    POST = "post"
    CHANGE = "change"
    TAKE_BACK = "take_back"
    INSTALL = "install"


OPENING: Final = frozenset({Step.OPEN_CHAT, Step.OPEN_CHAT_AS_MEMBER})
"""By the person's Entra object id, or by the 29: id that a team's roster gives them (platform reference §1.1)."""


class Scope(StrEnum):
    """How far a refusal reaches: which lane has to pause."""

    CONVERSATION = "conversation"
    TENANT = "tenant"
    INSTALLS = "installs"


class Remedy(StrEnum):
    """What may be mended by ourselves, once each."""

    OPEN_CHAT = "open_chat"
    SWITCH_HOST = "switch_host"
    NEW_TOKEN = "new_token"


@dataclass(frozen=True, slots=True)
class Sent:
    """Teams accepted the activity, its change or its removal; ``activity_id`` is the activity's own."""

    activity_id: str
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """Teams made, or returned, the person's chat with the bot."""

    conversation_id: str
    service_url: str
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Installed:
    """The app is installed for the person; ``already`` says that it was there before, so that no event follows."""

    already: bool


@dataclass(frozen=True, slots=True)
class Retry:
    """A passing refusal. ``after`` is Retry-After in seconds where Teams gave one, ``scope`` the lane that pauses.

    ``chat_active``: the person is in the middle of a chat, which may take a while and which the caller may not want to
    wait for.
    """

    status: int | None
    code: str
    after: float | None = None
    scope: Scope | None = None
    chat_active: bool = False


@dataclass(frozen=True, slots=True)
class Heal:
    """Can be mended once by ``remedy``; is ``otherwise`` if that was already tried."""

    remedy: Remedy
    otherwise: Undeliverable | Halt
    status: int
    code: str


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """Final: Teams will not take it."""

    reason: Reason
    status: int | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request was written and nothing readable came back."""

    reason: Reason
    status: int | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Halt:
    """The whole sender cannot send; its queue is kept."""

    reason: Reason
    status: int | None = None
    code: str = ""


Outcome = Sent | Opened | Installed | Retry | Heal | Undeliverable | Unknown | Halt
