"""How to reach one person in their own Teams chat with the bot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bellwire.model.recipient import Person
from bellwire.model.surface import Surface


class ReachState(StrEnum):
    """Whether the stored chat may be written to, as far as is known."""

    REACHABLE = "reachable"
    UNINSTALLED = "uninstalled"
    BLOCKED = "blocked"
    DISABLED = "disabled"


class Source(StrEnum):
    """What taught us the reference first."""

    INSTALL = "install"
    CONVERSATION_UPDATE = "conversation_update"
    MESSAGE = "message"
    EVENT = "event"
    CREATED = "created"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationReference:
    """The one Teams personal chat of one person with one sender's bot.

    ``state`` is derived: it follows from the five times (see ``reach_state``), so that activities may arrive in any
    order and any number of times. ``seen_at`` is the newest activity that supplied the addresses and the profile.
    """

    person: Person
    conversation_id: str
    service_url: str
    source: Source
    created_at: datetime
    seen_at: datetime
    surface: Surface = Surface.TEAMS_PERSONAL
    user_id: str | None = None
    bot_id: str | None = None
    name: str | None = None
    locale: str | None = None
    timezone: str | None = None
    app_version: str | None = None
    installed_at: datetime | None = None
    removed_at: datetime | None = None
    person_at: datetime | None = None
    blocked_at: datetime | None = None
    disabled_at: datetime | None = None

    @property
    def state(self) -> ReachState:
        """Whether the chat may be written to."""
        return reach_state(
            installed_at=self.installed_at,
            removed_at=self.removed_at,
            person_at=self.person_at,
            blocked_at=self.blocked_at,
            disabled_at=self.disabled_at,
        )


def reach_state(
    *,
    installed_at: datetime | None,
    removed_at: datetime | None,
    person_at: datetime | None,
    blocked_at: datetime | None,
    disabled_at: datetime | None,
) -> ReachState:
    """The state that the newest facts make: an install ends a removal, only the person's own act ends a block."""
    if _later(removed_at, installed_at, person_at):
        return ReachState.UNINSTALLED
    if _later(blocked_at, person_at):
        return ReachState.BLOCKED
    if _later(disabled_at, installed_at, person_at):
        return ReachState.DISABLED
    return ReachState.REACHABLE


def _later(fact: datetime | None, *undone_by: datetime | None) -> bool:
    return fact is not None and all(other is None or other < fact for other in undone_by)
