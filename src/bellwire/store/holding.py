"""What it takes for a row to be in a worker's hands: the worker's name, and the time at which it was claimed.

A worker can hold the same row twice, one time after the other. Whoever writes about the first holding, and does it
again because nobody confirmed that it was committed, must not touch the second one: so each statement names the claim.
The times of two claims differ, since the second one follows a commit that follows the first.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, Text, Update, bindparam, func, update

from bellwire.store.columns import UtcTime
from bellwire.store.given import given, listed, stamp


class Returned(NamedTuple):
    """What was claimed at ``claimed_at``, and has its turn at ``run_at``."""

    id: str
    claimed_at: datetime
    run_at: datetime


def give_back(table: Table, conn: Connection, worker: str, returned: Iterable[Returned]) -> None:
    """Queue claimed rows again, each due at its time; those that the worker has lost stay as they are."""
    time = stamp(conn)
    rows = listed([each.id, time(each.claimed_at), time(each.run_at)] for each in returned)
    conn.execute(_give_back(table, conn.dialect.name), {"worker": worker, **rows})


def in_hand(table: Table) -> tuple[ColumnElement[bool], ...]:
    """That the row is in the hands of the worker that ``worker`` names.

    State and worker are compared as expressions, so that no partial index tempts either database to walk all that is
    held for each of the rows given, instead of finding each by its id. PostgreSQL's statistics say that hardly anything
    is ever being sent: with a full house a message cost it thirteen times as much.
    """
    return (
        func.coalesce(table.c.state, "") == "sending",
        func.coalesce(table.c.claimed_by, "") == bindparam("worker", type_=Text),
    )


def held(table: Table, claimed_at: ColumnElement[datetime]) -> tuple[ColumnElement[bool], ...]:
    """That the row is in the worker's hands by the claim of that time."""
    return (*in_hand(table), table.c.claimed_at == claimed_at)


@cache
def _give_back(table: Table, dialect: str) -> Update:
    returned = given(dialect, id=Text, claimed_at=UtcTime, run_at=UtcTime)
    return (
        update(table)
        .where(table.c.id == returned.c.id, *held(table, returned.c.claimed_at))
        .values(state="queued", run_at=returned.c.run_at, claimed_by=None, claimed_at=None)
    )
