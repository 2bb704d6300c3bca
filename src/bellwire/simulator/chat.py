"""Conversations: personal chats, Copilot's, group chats and channels, and what was said in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

Json = dict[str, Any]


class Kind(StrEnum):
    """Where a conversation lives. Two hosts of Copilot, since each has a conversation of its own.

    ``AGENT`` is a person's Teams chat with a Copilot Studio agent; only flows write into it.
    """

    TEAMS = "teams"
    COPILOT = "copilot"
    M365 = "m365"
    AGENT = "agent"
    GROUP = "group"
    CHANNEL = "channel"

    @property
    def is_copilot(self) -> bool:
        return self in (Kind.COPILOT, Kind.M365)

    @property
    def is_shared(self) -> bool:
        return self in (Kind.GROUP, Kind.CHANNEL)


@dataclass(slots=True, eq=False)
class Line:
    """One thing said in a conversation, by the bot or by a person."""

    id: str
    at: datetime
    author: str
    from_bot: bool
    activity: Json
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    reactions: list[str] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Chat:
    """One conversation. ``members`` holds Entra object ids; ``bots`` who of the bots is in a shared one."""

    id: str
    kind: Kind
    app_id: str | None
    tenant_id: str
    members: list[str]
    name: str | None = None
    bots: set[str] = field(default_factory=set)
    deleted: bool = False
    team_id: str | None = None
    lines: dict[str, Line] = field(default_factory=dict)

    @property
    def person(self) -> str | None:
        """Whose conversation it is; None where several people share it."""
        return None if self.kind.is_shared else self.members[0]

    def add(self, line: Line) -> None:
        self.lines[line.id] = line


@dataclass(slots=True, eq=False)
class Team:
    """A team: its id is that of its General channel."""

    id: str
    group_id: str
    tenant_id: str
    name: str
    members: list[str]
    channels: dict[str, str]
    bots: set[str] = field(default_factory=set)
