"""Repairs: Teams chats that are opened without a message, asked for by callers and carried out by the worker.

There is one for each person; whoever asks again, after it ended, has it done again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Delete, Row, bindparam, func, null, select

from bellwire.model.reason import Reason
from bellwire.model.recipient import Person
from bellwire.store.bites import bite
from bellwire.store.columns import UtcTime
from bellwire.store.tables import repairs
from bellwire.store.upsert import Upsert
from bellwire.store.wakeup import ring


class RepairState(StrEnum):
    """Where a repair stands; ``opened`` and ``refused`` are its ends."""

    QUEUED = "queued"
    SENDING = "sending"
    OPENED = "opened"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One person's. ``status`` and ``code`` are those of Teams' last answer."""

    id: str
    person: Person
    state: RepairState
    asked_at: datetime
    run_at: datetime
    attempts: int
    finished_at: datetime | None = None
    reason: Reason | None = None
    status: int | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class RepairCount:
    """How many repairs are in this state, and for which reason."""

    state: RepairState
    reason: Reason | None
    count: int


def ask(conn: Connection, persons: Iterable[Person], now: datetime, new_id: Callable[[], str]) -> None:
    """Have the chats of these persons opened; what is under way already goes on."""
    rows = [
        {
            **{"id": new_id(), "tenant_id": each.tenant_id, "sender": each.sender, "aad_object_id": each.aad_object_id},
            **{"state": RepairState.QUEUED, "asked_at": now, "run_at": now, "attempts": 0},
        }
        for each in sorted(set(persons))
    ]
    if rows:
        _ASK(conn, rows)
        ring(conn)


def count(conn: Connection, tenants: Collection[str], sender: str | None = None) -> list[RepairCount]:
    """How many there are of each kind: all of them together are all that were asked for, and not forgotten since."""
    chosen = select(repairs.c.state, repairs.c.reason, func.count()).where(repairs.c.tenant_id.in_(sorted(tenants)))
    if sender is not None:
        chosen = chosen.where(repairs.c.sender == sender)
    rows = conn.execute(chosen.group_by(repairs.c.state, repairs.c.reason))
    return [RepairCount(RepairState(state), None if why is None else Reason(why), many) for state, why, many in rows]


def page(
    conn: Connection,
    tenants: Collection[str],
    *,
    sender: str | None = None,
    state: RepairState | None = None,
    after: str | None = None,
    limit: int = 100,
) -> list[Repair]:
    """Repairs by their ids; ``after`` is that of the last one of the page before."""
    chosen = select(repairs).where(repairs.c.tenant_id.in_(sorted(tenants)))
    if sender is not None:
        chosen = chosen.where(repairs.c.sender == sender)
    if state is not None:
        chosen = chosen.where(repairs.c.state == state)
    if after is not None:
        chosen = chosen.where(repairs.c.id > after)
    return [_repair_of(row) for row in conn.execute(chosen.order_by(repairs.c.id).limit(limit))]


def prune(conn: Connection, before: datetime) -> int:
    """Forget a bite of those that were over before then; how many that were."""
    return conn.execute(_prune(conn.dialect.name), {"before": before}).rowcount


@cache
def _prune(dialect: str) -> Delete:
    return bite(dialect, repairs.c.finished_at, repairs.c.finished_at < bindparam("before", type_=UtcTime))


def _repair_of(row: Row[Any]) -> Repair:
    return Repair(
        id=row.id,
        person=Person(row.sender, row.tenant_id, row.aad_object_id),
        state=RepairState(row.state),
        asked_at=row.asked_at,
        run_at=row.run_at,
        attempts=row.attempts,
        finished_at=row.finished_at,
        reason=None if row.reason is None else Reason(row.reason),
        status=row.status,
        code=row.code,
    )


_ANEW: Final = ("state", "asked_at", "run_at", "attempts")
_ASK: Final = Upsert(
    repairs,
    ["tenant_id", "sender", "aad_object_id"],
    lambda new: {**{name: new[name] for name in _ANEW}, "first_at": null(), "finished_at": null(), "reason": null()},
    where=lambda _: repairs.c.finished_at.is_not(None),
)
