"""What the operations of one transaction leave to its end: work that is cheaper or safer when done once for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from sqlalchemy import Connection


@dataclass(slots=True)
class Closing:
    """The end of one transaction: what the books gain (by tenant, sender and counter), which deliveries reached a
    final state, and whether a bell rings.
    """

    rings: bool = False
    ended: list[str] = field(default_factory=list)
    gains: Counter[tuple[str, str, str]] = field(default_factory=Counter)


_under_way: WeakKeyDictionary[Connection, Closing] = WeakKeyDictionary()


def closing(conn: Connection) -> Closing | None:
    """The end of the transaction under way; None on a connection that group commit does not look after."""
    return _under_way.get(conn)


def ended(conn: Connection, delivery_ids: Iterable[str]) -> None:
    """Have callbacks told that these deliveries reached a final state, if the transaction under way is committed."""
    end = closing(conn)
    if end is None:
        raise RuntimeError("a delivery can be ended inside Database.write only")
    end.ended.extend(delivery_ids)


def open_closing(conn: Connection) -> Closing:
    """Begin to collect what is left to the end."""
    _under_way[conn] = fresh = Closing()
    return fresh


def drop_closing(conn: Connection) -> None:
    """The transaction has ended, one way or the other."""
    _under_way.pop(conn, None)
