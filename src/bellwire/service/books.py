"""The books: accepted = sent + undeliverable + unknown + cancelled + expired + open, at every instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from bellwire.store import books
from bellwire.store.books import Book, Difference
from bellwire.store.database import Database


@dataclass(frozen=True, slots=True)
class Balance:
    """The books of every sender and tenant. ``differences`` is filled by an audit only."""

    books: Sequence[Book]
    audited: bool
    differences: Sequence[Difference]

    @property
    def balanced(self) -> bool:
        """Whether nothing is missing and nothing is too much."""
        return not self.differences and all(book.open >= 0 for book in self.books)


class Books:
    """Reads the books."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, *, audit: bool = False) -> Balance:
        """The books; with ``audit`` every delivery is counted again and compared, which takes its time."""
        return await self._database.read(lambda conn: _balance(conn, audit=audit))


def _balance(conn: Connection, *, audit: bool) -> Balance:
    return Balance(books.read(conn), audit, books.audit(conn) if audit else ())
