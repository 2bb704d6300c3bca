"""The simulator's own books: what it accepted, what it refused, and what opened a conversation."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bellwire.simulator.chat import Json
from bellwire.simulator.events import Events


@dataclass(slots=True, eq=False)
class Entry:
    """One activity that Teams accepted from a bot."""

    number: int
    at: datetime
    app_id: str
    conversation_id: str
    surface: str
    person: str | None
    activity_id: str
    activity: Json
    answered: bool = True
    updates: list[Json] = field(default_factory=list)
    deleted_at: datetime | None = None

    @property
    def text(self) -> str:
        return str(self.activity.get("text", ""))


@dataclass(slots=True, frozen=True)
class Denial:
    """One request that Teams refused, or answered with nothing."""

    at: datetime
    operation: str
    conversation_id: str | None
    person: str | None
    status: int | None
    code: str
    fault: str | None = None
    text: str | None = None


@dataclass(slots=True, frozen=True)
class Opening:
    """One accepted create: ``copilot`` is set where it asked for Copilot, which Bellwire must never do."""

    at: datetime
    app_id: str
    conversation_id: str
    person: str
    member_id: str
    copilot: bool


class Ledger:
    """Everything since the last reset, in order of arrival, with an index by text."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self.entries: list[Entry] = []
        self.refusals: list[Denial] = []
        self.openings: list[Opening] = []
        self._by_text: dict[str, list[Entry]] = {}
        self._by_activity: dict[tuple[str, str], Entry] = {}

    def accept(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._by_text.setdefault(entry.text, []).append(entry)
        self._by_activity[entry.conversation_id, entry.activity_id] = entry
        self._events.happened("accepted", lambda: described(entry))

    def update(self, entry: Entry, activity: Json) -> None:
        entry.updates.append(activity)
        self._events.happened("updated", lambda: described(entry))

    def delete(self, entry: Entry, at: datetime) -> None:
        entry.deleted_at = at
        self._events.happened("deleted", lambda: described(entry))

    def refuse(self, denial: Denial) -> None:
        self.refusals.append(denial)
        self._events.happened("refused", lambda: described(denial))

    def open(self, opening: Opening) -> None:
        self.openings.append(opening)
        self._events.happened("opened", lambda: described(opening))

    def find(self, conversation_id: str, activity_id: str) -> Entry | None:
        return self._by_activity.get((conversation_id, activity_id))

    def with_text(self, text: str) -> list[Entry]:
        """Entries whose text is exactly this. O(1)."""
        return list(self._by_text.get(text, ()))

    def containing(self, marker: str) -> list[Entry]:
        """Entries whose text contains the marker. A scan of all distinct texts."""
        return [entry for text, entries in self._by_text.items() if marker in text for entry in entries]

    def of(self, person: str, surface: str | None = None) -> list[Entry]:
        """Entries in this person's own conversations, of one surface or all."""
        return [
            entry for entry in self.entries if entry.person == person and (surface is None or entry.surface == surface)
        ]

    def clear(self) -> None:
        for part in (self.entries, self.refusals, self.openings, self._by_text, self._by_activity):
            part.clear()

    async def wait_for(self, count: int, timeout: float = 10.0) -> None:
        """Waits until this many activities are accepted. Raises TimeoutError."""
        await self._events.until(lambda: len(self.entries) >= count, timeout)


def described(record: Entry | Denial | Opening) -> dict[str, Any]:
    """A record as JSON."""
    fields = {name: getattr(record, name) for name in record.__slots__}
    return {name: list(value) if isinstance(value, list) else value for name, value in fields.items()}
