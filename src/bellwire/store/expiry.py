"""Ends what is not worth sending any more."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from functools import cache
from typing import Final

from sqlalchemy import ColumnElement, Connection, Executable, any_, bindparam, func, select, update

from bellwire.model.delivery import State
from bellwire.model.reason import Reason
from bellwire.store import books
from bellwire.store.columns import UtcTime
from bellwire.store.tables import deliveries, in_state
from bellwire.store.transaction import ended

AT_ONCE: Final = 1_000


def expire(conn: Connection, now: datetime, most: int = AT_ONCE) -> int:
    """Expire what is queued or waits past its time; how many that were, at most ``most``.

    What is being sent at this moment is left to its worker, which looks at the time right before the wire.
    """
    late = conn.execute(_expire(conn.dialect.name), {"now": now, "most": most}).all()
    for (tenant_id, sender), number in Counter((row[0], row[1]) for row in late).items():
        books.move(conn, sender, tenant_id, State.EXPIRED, number)
    ended(conn, (row[2] for row in late))
    return len(late)


@cache
def _expire(dialect: str) -> Executable:
    idle = in_state(State.QUEUED, State.WAITING)
    now = bindparam("now", type_=UtcTime)
    late = (
        select(deliveries.c.id)
        .where(deliveries.c.finished_at.is_(None), deliveries.c.expires_at <= now, idle)
        .order_by(deliveries.c.expires_at)
        .limit(bindparam("most"))
    )
    chosen: ColumnElement[bool] = deliveries.c.id.in_(late)
    if dialect == "postgresql":
        chosen = deliveries.c.id == any_(func.array(late.with_for_update(skip_locked=True).scalar_subquery()))
    return (
        update(deliveries)
        .where(chosen, idle)
        .values(state=State.EXPIRED, reason=Reason.EXPIRED, finished_at=now)
        .returning(deliveries.c.tenant_id, deliveries.c.sender, deliveries.c.id)
    )
