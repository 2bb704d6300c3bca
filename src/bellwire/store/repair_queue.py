"""The worker's side of repairs: claimed, begun and recorded as deliveries are, by the same guards."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache, partial
from typing import Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    null,
    select,
    update,
)

from bellwire.model.delivery import State
from bellwire.model.reason import Reason
from bellwire.store import holding
from bellwire.store.columns import UtcTime
from bellwire.store.given import given, listed, stamp
from bellwire.store.holding import held
from bellwire.store.journal import Begun, Result
from bellwire.store.lane_queue import firsts, take
from bellwire.store.lanes import LaneKey
from bellwire.store.repairs import RepairState
from bellwire.store.tables import lanes, repairs
from bellwire.store.workers import alive

give_back: Final = partial(holding.give_back, repairs)
"""Queue claimed repairs again, each due at its time."""


class ClaimedRepair(NamedTuple):
    """A repair that is now ``sending`` under the worker's name.

    ``attempts`` have begun before, the first at ``first_at``, and the last was answered at ``answered_at``;
    ``claimed_at`` is when this worker took it.
    """

    run_at: datetime
    id: str
    aad_object_id: str
    attempts: int
    first_at: datetime | None
    answered_at: datetime | None
    claimed_at: datetime


def due(conn: Connection) -> dict[LaneKey, datetime]:
    """The lanes that have repairs to do, and when the next one of each is due."""
    return {LaneKey(sender, tenant_id): due for sender, tenant_id, due in conn.execute(_DUE)}


def due_in(conn: Connection, worker: str, keys: Iterable[LaneKey], now: datetime, most: int) -> list[LaneKey]:
    """Those of the worker's lanes in which repairs are due, at most so many, the one that waits for longest first."""
    rows = listed([key.tenant_id, key.sender] for key in keys)
    found = conn.execute(_due_in(conn.dialect.name), {"worker": worker, "at": now, "most": most, **rows})
    return [LaneKey(*row) for row in found]


def claim(conn: Connection, worker: str, key: LaneKey, now: datetime, most: int) -> list[ClaimedRepair]:
    """Take repairs that are due in a lane of the worker's, the one that is due for longest first."""
    parameters = {"tenant": key.tenant_id, "lane_sender": key.sender, "worker": worker, "at": now, "most": most}
    return sorted(ClaimedRepair._make(row) for row in conn.execute(_claim(conn.dialect.name), parameters))


def begin(conn: Connection, worker: str, starting: Collection[Begun]) -> set[str]:
    """Write down that these requests begin; the ids of the repairs that may go to the wire now."""
    time = stamp(conn)
    rows = listed([each.repair_id, time(each.claimed_at), each.number, time(each.started_at)] for each in starting)
    return set(conn.execute(_begin(conn.dialect.name), {"worker": worker, **rows}).scalars())


def record(conn: Connection, worker: str, results: Sequence[Result]) -> set[str]:
    """Write down what became of requests, and move their repairs; the ids of those that were the worker's to move."""
    time = stamp(conn)
    rows = listed(
        [
            *(each.repair_id, time(each.claimed_at)),
            *(_STATES[each.state], time(each.run_at), time(each.finished_at)),
            *(each.reason if each.state is State.UNDELIVERABLE else None, each.status, each.code),
        ]
        for each in results
    )
    return set(conn.execute(_record(conn.dialect.name), {"worker": worker, **rows}).scalars())


def rescue(conn: Connection, worker: str, now: datetime) -> int:
    """Queue again what a dead worker held: a chat can be asked for twice without harm. How many that were."""
    return conn.execute(_RESCUE, {"worker": worker, "at": now}).rowcount


def _is(state: RepairState) -> ColumnElement[bool]:
    return repairs.c.state == literal_column(f"'{state.value}'")


_STATES: Final = {
    State.SENT: RepairState.OPENED,
    State.QUEUED: RepairState.QUEUED,
    State.SENDING: RepairState.SENDING,
    State.UNDELIVERABLE: RepairState.REFUSED,
}
_WORKER: Final = bindparam("worker", type_=Text)
_AT: Final = bindparam("at", type_=UtcTime)
_DUE: Final = firsts(repairs)
_UNANSWERED: Final = repairs.c.started_at.is_not(None) & repairs.c.answered_at.is_(None)
_RESCUE: Final = (
    update(repairs)
    .where(_is(RepairState.SENDING), repairs.c.claimed_by == _WORKER)
    .values(
        state=RepairState.QUEUED,
        run_at=_AT,
        claimed_by=null(),
        claimed_at=null(),
        code=case((_UNANSWERED, Reason.WORKER_LOST.value), else_=repairs.c.code),
        answered_at=case((_UNANSWERED, _AT), else_=repairs.c.answered_at),
    )
)


@cache
def _due_in(dialect: str) -> Executable:
    asked = given(dialect, tenant_id=Text, sender=Text)
    of_lane = (repairs.c.tenant_id == lanes.c.tenant_id, repairs.c.sender == lanes.c.sender)
    first = select(func.min(repairs.c.run_at)).where(_is(RepairState.QUEUED), *of_lane).correlate(lanes)
    earliest = first.scalar_subquery()
    return (
        select(lanes.c.sender, lanes.c.tenant_id)
        .join_from(asked, lanes, and_(lanes.c.tenant_id == asked.c.tenant_id, lanes.c.sender == asked.c.sender))
        .where(lanes.c.owner == _WORKER, earliest <= _AT)
        .order_by(earliest)
        .limit(bindparam("most"))
    )


@cache
def _claim(dialect: str) -> Executable:
    return take(repairs, dialect).returning(*(repairs.c[name] for name in ClaimedRepair._fields))


@cache
def _begin(dialect: str) -> Executable:
    starting = given(dialect, id=Text, claimed_at=UtcTime, number=Integer, started_at=UtcTime)
    return (
        update(repairs)
        .where(repairs.c.id == starting.c.id, *held(repairs, starting.c.claimed_at), alive())
        .values(
            attempts=starting.c.number,
            started_at=starting.c.started_at,
            first_at=func.coalesce(repairs.c.first_at, starting.c.started_at),
            answered_at=null(),
        )
        .returning(repairs.c.id)
    )


@cache
def _record(dialect: str) -> Executable:
    told = given(
        dialect,
        id=Text,
        claimed_at=UtcTime,
        state=Text,
        run_at=UtcTime,
        answered_at=UtcTime,
        reason=Text,
        status=Integer,
        code=Text,
    )
    over = told.c.state.in_([RepairState.OPENED, RepairState.REFUSED])
    return (
        update(repairs)
        .where(repairs.c.id == told.c.id, *held(repairs, told.c.claimed_at))
        .values(
            state=told.c.state,
            run_at=func.coalesce(told.c.run_at, repairs.c.run_at),
            answered_at=told.c.answered_at,
            finished_at=case((over, told.c.answered_at)),
            reason=told.c.reason,
            status=told.c.status,
            code=told.c.code,
            claimed_by=case((told.c.state == RepairState.SENDING, repairs.c.claimed_by)),
            claimed_at=case((told.c.state == RepairState.SENDING, repairs.c.claimed_at)),
        )
        .returning(repairs.c.id)
    )
