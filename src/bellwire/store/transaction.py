"""What the operations of one transaction leave to its end: work that is cheaper or safer when done once for all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from sqlalchemy import Connection


@dataclass(slots=True)
class Closing:
    """The end of one transaction: what the books gain (by tenant, sender and counter), and whether a bell rings."""

    rings: bool = False
    gains: Counter[tuple[str, str, str]] = field(default_factory=Counter)


_under_way: WeakKeyDictionary[Connection, Closing] = WeakKeyDictionary()


def closing(conn: Connection) -> Closing | None:
    """The end of the transaction under way; None on a connection that group commit does not look after."""
    return _under_way.get(conn)


def open_closing(conn: Connection) -> Closing:
    """Begin to collect what is left to the end."""
    _under_way[conn] = fresh = Closing()
    return fresh


def drop_closing(conn: Connection) -> None:
    """The transaction has ended, one way or the other."""
    _under_way.pop(conn, None)
