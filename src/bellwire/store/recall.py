"""Claims whose commit nobody confirmed: whether they hold is not known, so they are given back before anything else."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, Table, Text, Update, select, update

from bellwire.store.given import given, listed
from bellwire.store.holding import in_hand
from bellwire.store.tables import amendments, deliveries, repairs


@dataclass(slots=True)
class Claims:
    """The ids that one operation claims, noted while it runs, so that they are known if its commit is not confirmed."""

    deliveries: set[str] = field(default_factory=set)
    amendments: set[str] = field(default_factory=set)
    repairs: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.deliveries or self.amendments or self.repairs)


def recall(conn: Connection, worker: str, claims: Claims) -> set[str]:
    """Queue again what the worker claimed, if it did; the ids of what was queued. Doing it again changes nothing.

    The rows are locked first, so that a commit still under way on PostgreSQL is over before it is asked what it did.
    """
    ids = {deliveries: claims.deliveries, amendments: claims.amendments, repairs: claims.repairs}
    queued = set[str]()
    for table, claimed in ids.items():
        if claimed:
            rows = listed([each] for each in sorted(claimed))
            conn.execute(_lock(table, conn.dialect.name), rows).all()
            queued.update(conn.scalars(_recall(table, conn.dialect.name), {"worker": worker, **rows}))
    return queued


@cache
def _lock(table: Table, dialect: str) -> Select[Any]:
    claimed = given(dialect, id=Text)
    return (
        select(table.c.id)
        .join_from(claimed, table, table.c.id == claimed.c.id)
        .order_by(table.c.id)
        .with_for_update(of=table)
    )


@cache
def _recall(table: Table, dialect: str) -> Update:
    claimed = given(dialect, id=Text)
    return (
        update(table)
        .where(table.c.id == claimed.c.id, *in_hand(table))
        .values(state="queued", claimed_by=None, claimed_at=None)
        .returning(table.c.id)
    )
