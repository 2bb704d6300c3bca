"""How to reach one person in their own Teams chat with the bot, and how every activity adds to what is known of it.

Teams repeats activities and brings them in any order (platform reference §1.4). Therefore each value remembers when it
was said, and merging takes the newest of each: the same activities leave the same reference, however they came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from bellwire.model.reason import Reason
from bellwire.model.recipient import Person
from bellwire.model.surface import Surface, is_graph_chat_id


class ReachState(StrEnum):
    """Whether the stored chat may be written to, as far as is known."""

    REACHABLE = "reachable"
    UNINSTALLED = "uninstalled"
    NOT_INSTALLED = "not_installed"
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

    ``state`` is derived: it follows from the times of facts (see ``reach_state``), so that activities may arrive in any
    order and any number of times. ``seen_at`` is the newest activity that supplied the addresses and the profile;
    ``older`` holds, in microseconds since 1970, when each value was said that the newest activity did not repeat.
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
    absent_at: datetime | None = None
    team_at: datetime | None = None
    older: Mapping[str, int] = field(default_factory=dict, hash=False)

    @property
    def install_told_at(self) -> datetime | None:
        """When the app was last installed, if that was ever told."""
        return None if self.installed_at == SOME_TIME else self.installed_at

    @property
    def state(self) -> ReachState:
        """Whether the chat may be written to."""
        return reach_state(
            installed_at=self.installed_at,
            removed_at=self.removed_at,
            person_at=self.person_at,
            blocked_at=self.blocked_at,
            disabled_at=self.disabled_at,
            absent_at=self.absent_at,
            team_at=self.team_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What one activity from the Teams chat, or one chat opened by ourselves, teaches about a person at ``at``."""

    person: Person
    at: datetime
    source: Source
    conversation_id: str
    service_url: str
    user_id: str | None = None
    bot_id: str | None = None
    name: str | None = None
    locale: str | None = None
    timezone: str | None = None
    app_version: str | None = None
    installed: bool = False
    removed: bool = False
    by_person: bool = False


def learn(known: ConversationReference | None, lesson: Lesson, now: datetime) -> ConversationReference:
    """The reference after one more lesson. Newer values replace older ones, nothing never replaces something.

    Lessons commute and may be repeated: only ``created_at``, the moment of the first one learnt, depends on the order.

    Raises:
        ValueError: the lesson is about somebody else; a mistake of the caller.
    """
    if known is None:
        known = _blank(lesson, now)
    if known.person != lesson.person:
        raise ValueError("a lesson about one person cannot change the reference of another")
    told = {name: (getattr(lesson, name), stamp(lesson.at)) for name in VALUES}
    return replace(
        known,
        **_newest(known, told, max(known.seen_at, lesson.at)),
        installed_at=_latest(known.installed_at, _installed(lesson)),
        removed_at=_latest(known.removed_at, lesson.at if lesson.removed else None),
        person_at=_latest(known.person_at, lesson.at if lesson.by_person else None),
    )


def merge(known: ConversationReference, other: ConversationReference) -> ConversationReference:
    """What two stores know of one person together: the newest of each value and of each fact.

    Raises:
        ValueError: they are about two people; a mistake of the caller.
    """
    if known.person != other.person:
        raise ValueError("what is known of one person cannot change the reference of another")
    told = {name: (getattr(other, name), _said_at(other, name)) for name in VALUES}
    facts: dict[str, Any] = {name: _latest(getattr(known, name), getattr(other, name)) for name in FACTS}
    return replace(known, **_newest(known, told, max(known.seen_at, other.seen_at)), **facts)


def suspend(reference: ConversationReference, reason: Reason, at: datetime) -> ConversationReference:
    """The reference after a send found ``reason`` at ``at``; unchanged where the reason says nothing of the person."""
    changed: dict[str, Any] = {fact: _latest(getattr(reference, fact), at) for fact in _SUSPENSIONS.get(reason, ())}
    return replace(reference, **changed)


def installed(reference: ConversationReference, at: datetime) -> ConversationReference:
    """The reference after the app was installed for the person at ``at``."""
    return replace(reference, installed_at=_latest(reference.installed_at, at))


def in_team(reference: ConversationReference, at: datetime) -> ConversationReference:
    """The reference after the app came to a team of the person's, or they to a team that has it, at ``at``."""
    return replace(reference, team_at=_latest(reference.team_at, at))


def reach_state(
    *,
    installed_at: datetime | None,
    removed_at: datetime | None,
    person_at: datetime | None,
    blocked_at: datetime | None,
    disabled_at: datetime | None,
    absent_at: datetime | None = None,
    team_at: datetime | None = None,
) -> ReachState:
    """The state that the newest facts make: an install ends a removal, only the person's own act ends a block.

    A removal is the person's own word; that Teams found no app (``absent_at``) is not, so a team with the app ends it.
    """
    # Who is not known to have had the app for themselves cannot be found to have removed it.
    found_absent = installed_at is None and absent_at is not None and absent_at == _latest(removed_at, absent_at)
    if _later(removed_at, installed_at, person_at) and not found_absent:
        return ReachState.UNINSTALLED
    if _later(absent_at, installed_at, person_at, team_at):
        return ReachState.NOT_INSTALLED
    if _later(blocked_at, person_at):
        return ReachState.BLOCKED
    if _later(disabled_at, installed_at, person_at):
        return ReachState.DISABLED
    return ReachState.REACHABLE


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SOME_TIME: Final = _EPOCH
"""When the app was installed for somebody of whom only its removal was told: they had it, nobody knows since when."""
VALUES: Final = (
    "source",
    "conversation_id",
    "service_url",
    "user_id",
    "bot_id",
    "name",
    "locale",
    "timezone",
    "app_version",
)
FACTS: Final = ("installed_at", "removed_at", "person_at", "blocked_at", "disabled_at", "absent_at", "team_at")
_SUSPENSIONS: Final[Mapping[Reason, tuple[str, ...]]] = MappingProxyType(
    {
        Reason.BLOCKED: ("blocked_at",),
        Reason.DISABLED_BY_ADMIN: ("disabled_at",),
        Reason.UNINSTALLED: ("removed_at", "absent_at"),
        Reason.NOT_INSTALLED: ("absent_at",),
    }
)


def _blank(lesson: Lesson, now: datetime) -> ConversationReference:
    return ConversationReference(
        person=lesson.person,
        conversation_id=lesson.conversation_id,
        service_url=lesson.service_url,
        source=lesson.source,
        created_at=now,
        seen_at=lesson.at,
    )


def _installed(lesson: Lesson) -> datetime | None:
    if lesson.installed:
        return lesson.at
    return SOME_TIME if lesson.removed else None


def _newest(
    known: ConversationReference, told: Mapping[str, tuple[str | None, int]], seen_at: datetime
) -> dict[str, Any]:
    """The values that stay, and ``older`` for those that were not said at ``seen_at``."""
    values = {name: _merged(name, (getattr(known, name), _said_at(known, name)), told[name]) for name in VALUES}
    newest = stamp(seen_at)
    older = {name: at for name, (value, at) in values.items() if value is not None and at != newest}
    return {name: value for name, (value, _) in values.items()} | {"seen_at": seen_at, "older": older}


def _merged(name: str, ours: tuple[str | None, int], theirs: tuple[str | None, int]) -> tuple[str | None, int]:
    """The value that stays, and when it was said; of two said at once the greater, so that the order cannot matter."""
    if theirs[0] is None or ours[0] is None:
        return ours if theirs[0] is None else theirs
    return max((ours[0], ours[1]), (theirs[0], theirs[1]), key=lambda said: _weight(name, *said))


def _said_at(reference: ConversationReference, name: str) -> int:
    return reference.older.get(name, stamp(reference.seen_at))


def _weight(name: str, value: str, stamp: int) -> tuple[bool, int, str]:
    if name == "source":
        return True, -stamp, value
    # Graph's name of the chat is a stopgap: the Bot Connector does not always take it (platform reference §2.5, §7.4).
    return name != "conversation_id" or not is_graph_chat_id(value), stamp, value


def stamp(at: datetime) -> int:
    """A time as ``older`` keeps it: microseconds since 1970."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def _latest(*times: datetime | None) -> datetime | None:
    return max((time for time in times if time is not None), default=None)


def _later(fact: datetime | None, *undone_by: datetime | None) -> bool:
    return fact is not None and all(other is None or other < fact for other in undone_by)
