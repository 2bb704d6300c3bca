"""The first row that is queued in each lane, of amendments or of repairs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Table, literal_column, select, tuple_


def firsts(rows: Table) -> Select[Any]:
    """Sender, tenant and time of the first queued row of every lane that has one.

    From lane to lane along the index of queued rows: what is read grows with these lanes and not with the queue.
    """
    first, order = rows.alias("first"), ("tenant_id", "sender", "run_at", "id")
    queued = select(first.c.id).where(first.c.state == literal_column("'queued'"))
    queued = queued.order_by(*(first.c[name] for name in order)).limit(1)
    found = select(queued.scalar_subquery().label("id")).cte("firsts", recursive=True)
    later = tuple_(first.c.tenant_id, first.c.sender) > tuple_(rows.c.tenant_id, rows.c.sender)
    following = queued.where(later).correlate(rows).scalar_subquery()
    every = found.union_all(select(following).join_from(found, rows, rows.c.id == found.c.id))
    return select(rows.c.sender, rows.c.tenant_id, rows.c.run_at).join_from(every, rows, rows.c.id == every.c.id)
