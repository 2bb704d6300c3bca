"""The books: accepted = sent + undeliverable + unknown + cancelled + expired + open, at every instant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bellwire.service.standstills import Standstills
from bellwire.store import books
from bellwire.store.books import Book, Difference
from bellwire.store.database import Database


@dataclass(frozen=True, slots=True)
class Balance:
    """The books of every sender and tenant, and what stands still. ``differences`` is filled by an audit only."""

    books: Sequence[Book]
    standstills: Standstills
    audited: bool
    differences: Sequence[Difference]

    @property
    def balanced(self) -> bool:
        """Whether nothing is missing and nothing is too much."""
        return not self.differences and all(book.open >= 0 for book in self.books)


class Books:
    """Reads the books. ``clock`` tells the time in UTC."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def read(self, *, audit: bool = False) -> Balance:
        """The books; with ``audit`` every delivery is counted again and compared, which takes its time."""
        return await self._database.read(lambda conn: _balance(conn, self._clock(), audit=audit))


def _balance(conn: Connection, now: datetime, *, audit: bool) -> Balance:
    return Balance(books.read(conn), Standstills(conn, now), audit, books.audit(conn) if audit else ())
