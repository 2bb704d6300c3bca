"""What the operations of one transaction leave to its end: work that is cheaper or safer when done once for all."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Final, cast

from sqlalchemy import Connection

_PLACE: Final = "bellwire.transaction"


@dataclass(slots=True)
class Closing:
    """The end of one transaction. ``last`` is run once before the commit; ``rings`` wakes the listeners after it."""

    rings: bool = False
    last: dict[Hashable, Callable[[Connection], None]] = field(default_factory=dict)
    kept: dict[Hashable, Any] = field(default_factory=dict)

    def run(self, conn: Connection) -> None:
        """Do what was left to the end."""
        while self.last:
            key = next(iter(self.last))
            self.last.pop(key)(conn)


def closing(conn: Connection) -> Closing:
    """The end of the transaction under way on this connection."""
    place = conn.info
    if _PLACE not in place:
        place[_PLACE] = Closing()
    return cast("Closing", place[_PLACE])


def new_closing(conn: Connection) -> Closing:
    """Forget what an earlier transaction left on this connection, and start afresh."""
    fresh = Closing()
    conn.info[_PLACE] = fresh
    return fresh
