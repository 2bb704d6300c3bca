"""How amendments and repairs wait in lanes: what is queued first in each, and how a worker takes what is due."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    Text,
    Update,
    and_,
    any_,
    bindparam,
    func,
    literal_column,
    select,
    update,
)

from bellwire.store.columns import UtcTime
from bellwire.store.tables import lanes


def firsts(rows: Table) -> Select[Any]:
    """Sender, tenant and time of the first queued row of every lane that has one.

    From lane to lane along the index of queued rows: what is read grows with these lanes and not with the queue. The
    tenant's next sender and the next tenant are looked up apart, since SQLite walks the lane to its end to find a pair
    that is greater.
    """
    first, order = rows.alias("first"), ("tenant_id", "sender", "run_at", "id")
    queued = select(first.c.id).where(first.c.state == literal_column("'queued'"))
    queued = queued.order_by(*(first.c[name] for name in order)).limit(1)
    found = select(queued.scalar_subquery().label("id")).cte("firsts", recursive=True)
    next_sender = queued.where(first.c.tenant_id == rows.c.tenant_id, first.c.sender > rows.c.sender)
    next_tenant = queued.where(first.c.tenant_id > rows.c.tenant_id)
    following = func.coalesce(*(each.correlate(rows).scalar_subquery() for each in (next_sender, next_tenant)))
    every = found.union_all(select(following).join_from(found, rows, rows.c.id == found.c.id))
    return select(rows.c.sender, rows.c.tenant_id, rows.c.run_at).join_from(every, rows, rows.c.id == every.c.id)


def take(rows: Table, dialect: str, *free: ColumnElement[bool]) -> Update:
    """Takes at most ``most`` rows of a lane that are due and ``free``, the one that is due for longest first.

    They go to the worker, if it owns the lane, and to nobody else at the same time.
    """
    queued, now = rows.c.state == literal_column("'queued'"), bindparam("at", type_=UtcTime)
    worker = bindparam("worker", type_=Text)
    due = (
        select(rows.c.id)
        .join(lanes, and_(lanes.c.tenant_id == rows.c.tenant_id, lanes.c.sender == rows.c.sender))
        .where(
            queued,
            rows.c.tenant_id == bindparam("tenant"),
            rows.c.sender == bindparam("lane_sender"),
            rows.c.run_at <= now,
            lanes.c.owner == worker,
            *free,
        )
        .order_by(rows.c.run_at, rows.c.id)
        .limit(bindparam("most"))
    )
    taken: ColumnElement[bool] = rows.c.id.in_(due)
    if dialect == "postgresql":
        locked = due.with_for_update(of=rows, skip_locked=True)
        taken = rows.c.id == any_(func.array(locked.scalar_subquery()))
    return update(rows).where(taken, queued).values(state="sending", claimed_by=worker, claimed_at=now)
