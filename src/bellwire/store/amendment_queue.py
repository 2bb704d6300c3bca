"""The worker's side of amendments: claimed, begun and recorded as deliveries are, by the same guards."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Integer,
    Subquery,
    Text,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    update,
)

from bellwire.model.delivery import State
from bellwire.model.outcome import Step
from bellwire.model.reason import Reason
from bellwire.store import holding
from bellwire.store.amendments import Progress
from bellwire.store.columns import UtcTime
from bellwire.store.given import given, listed, stamp
from bellwire.store.holding import held
from bellwire.store.journal import Begun, Result, begun_again, end
from bellwire.store.lane_queue import firsts, take
from bellwire.store.lanes import LaneKey
from bellwire.store.tables import amendments, attempts, deliveries, lanes
from bellwire.store.workers import alive

give_back: Final = partial(holding.give_back, amendments)
"""Queue claimed amendments again, each due at its time."""


class ClaimedAmendment(NamedTuple):
    """An amendment that is now ``sending`` under the worker's name, and where the message was sent."""

    run_at: datetime
    id: str
    delivery_id: str
    sender: str
    tenant_id: str
    aad_object_id: str
    step: Step
    message_id: str | None
    attempts: int
    conversation_id: str
    service_url: str
    activity_id: str


def claim(
    conn: Connection,
    worker: str,
    due: Mapping[LaneKey, datetime],
    now: datetime,
    *,
    most: int,
    shut: Collection[LaneKey] = (),
) -> list[ClaimedAmendment]:
    """Take amendments that are ``due`` in the worker's lanes, as ``next_due`` tells, but for lanes that are ``shut``;
    one a delivery at a time.

    The lane that waits for longest comes first.
    """
    taken = list[list[str]]()
    for _, key in sorted((at, key) for key, at in due.items() if at <= now and key not in shut):
        lane = {"tenant": key.tenant_id, "lane_sender": key.sender, "most": most - len(taken)}
        ids = conn.execute(_claim(conn.dialect.name), {"worker": worker, "at": now, **lane}).scalars()
        taken += [[each] for each in ids]
        if len(taken) == most:
            break
    if not taken:
        return []
    rows = conn.execute(_claimed(conn.dialect.name), listed(taken))
    return sorted(ClaimedAmendment._make(row)._replace(step=Step(row.step)) for row in rows)


def next_due(conn: Connection, worker: str) -> dict[LaneKey, datetime]:
    """When the next amendment of each of the worker's lanes is due, be it overdue already."""
    return {LaneKey(sender, tenant_id): due for sender, tenant_id, due in conn.execute(_NEXT_DUE, {"worker": worker})}


def begin(conn: Connection, worker: str, starting: Collection[Begun]) -> set[str]:
    """Write down that these attempts begin; the ids of the amendments that may go to the wire now."""
    time = stamp(conn)
    rows = listed(
        [b.amendment_id, time(b.claimed_at), b.delivery_id, b.number, b.step, time(b.started_at)] for b in starting
    )
    conn.execute(_begin(conn.dialect.name), {"worker": worker, **rows})
    return set(conn.execute(_begun(conn.dialect.name), {"worker": worker, **rows}).scalars())


def record(conn: Connection, worker: str, results: Sequence[Result]) -> set[str]:
    """Write down what became of attempts, and move their amendments; the ids of those that were the worker's to move.

    What was done shows on the delivery. A wish that has to be tried again gives way to a newer one.
    """
    time = stamp(conn)
    end(conn, results)
    rows = [_row(each, time) for each in results]
    moved = set(conn.execute(_move(conn.dialect.name), {"worker": worker, **listed(rows)}).scalars())
    conn.execute(_show(conn.dialect.name), listed(row for row in rows if row[0] in moved))
    return moved


def _row(r: Result, time: Callable[[datetime | None], Any]) -> list[Any]:
    """Only a wish that failed has a reason: one that waits for the end of a pause is queued, and no more."""
    progress = _PROGRESS[r.state]
    reason = r.reason if progress is Progress.FAILED else None
    return [
        r.amendment_id,
        time(r.claimed_at),
        r.delivery_id,
        r.number,
        progress,
        time(r.run_at),
        reason,
        time(r.finished_at),
    ]


def rescue(conn: Connection, worker: str, now: datetime) -> int:
    """Queue again what a dead worker held; doing an amendment twice does no harm. How many that were."""
    found = conn.execute(_HELD, {"worker": worker}).all()
    results = [
        Result(
            delivery_id=delivery_id,
            claimed_at=claimed_at,
            lane=LaneKey(sender, tenant_id),
            number=begun if number is None else number,
            state=State.QUEUED,
            finished_at=now,
            outcome=None if number is None else "retry",
            code=None if number is None else Reason.WORKER_LOST,
            run_at=now,
            amendment_id=id_,
        )
        for id_, claimed_at, delivery_id, sender, tenant_id, begun, number in found
    ]
    if results:
        record(conn, worker, results)
    return len(results)


def _is(*states: Progress) -> ColumnElement[bool]:
    return or_(*(amendments.c.state == literal_column(f"'{state.value}'") for state in states))


_PROGRESS: Final = {
    State.SENT: Progress.DONE,
    State.QUEUED: Progress.QUEUED,
    State.SENDING: Progress.SENDING,
    State.UNDELIVERABLE: Progress.FAILED,
}
_WORKER: Final = bindparam("worker", type_=Text)
_AT: Final = bindparam("at", type_=UtcTime)
_FIRSTS: Final = firsts(amendments).subquery()
_NEXT_DUE: Final = (
    select(_FIRSTS)
    .join(lanes, and_(lanes.c.tenant_id == _FIRSTS.c.tenant_id, lanes.c.sender == _FIRSTS.c.sender))
    .where(lanes.c.owner == _WORKER)
)
_HELD: Final = (
    select(
        amendments.c.id,
        amendments.c.claimed_at,
        amendments.c.delivery_id,
        amendments.c.sender,
        amendments.c.tenant_id,
        deliveries.c.attempts,
        attempts.c.number,
    )
    .join_from(amendments, deliveries)
    .join(
        attempts,
        and_(
            attempts.c.delivery_id == amendments.c.delivery_id,
            attempts.c.amendment_id == amendments.c.id,
            attempts.c.outcome.is_(None),
        ),
        isouter=True,
    )
    .where(_is(Progress.SENDING), amendments.c.claimed_by == _WORKER)
    .with_for_update(of=amendments)
)


@cache
def _claim(dialect: str) -> Executable:
    other = amendments.alias()
    under_way = select(other.c.id).where(
        other.c.delivery_id == amendments.c.delivery_id, other.c.state == literal_column("'sending'")
    )
    return take(amendments, dialect, ~exists(under_way)).returning(amendments.c.id)


@cache
def _claimed(dialect: str) -> Executable:
    taken = given(dialect, id=Text)
    a, d = amendments.c, deliveries.c
    return (
        select(
            a.run_at,
            a.id,
            a.delivery_id,
            a.sender,
            a.tenant_id,
            a.aad_object_id,
            a.step,
            a.message_id,
            d.attempts,
            d.conversation_id,
            d.service_url,
            d.activity_id,
        )
        .join_from(taken, amendments, a.id == taken.c.id)
        .join(deliveries, d.id == a.delivery_id)
    )


@cache
def _begin(dialect: str) -> Executable:
    starting, a = _starting(dialect), amendments.c
    columns = {
        "delivery_id": a.delivery_id,
        "number": starting.c.number,
        "tenant_id": a.tenant_id,
        "sender": a.sender,
        "aad_object_id": a.aad_object_id,
        "step": starting.c.step,
        "worker": _WORKER,
        "started_at": starting.c.started_at,
        "amendment_id": a.id,
    }
    allowed = (
        select(*columns.values())
        .join_from(starting, amendments, a.id == starting.c.amendment_id)
        .where(*held(amendments, starting.c.claimed_at), alive())
        .with_for_update(of=amendments, read=True)
    )
    return begun_again(dialect, columns, allowed)


@cache
def _begun(dialect: str) -> Executable:
    starting = _starting(dialect)
    begun = and_(
        attempts.c.delivery_id == starting.c.delivery_id,
        attempts.c.number == starting.c.number,
        attempts.c.amendment_id == starting.c.amendment_id,
    )
    return (
        select(attempts.c.amendment_id)
        .join_from(starting, attempts, begun)
        .join(amendments, amendments.c.id == starting.c.amendment_id)
        .where(*held(amendments, starting.c.claimed_at), attempts.c.worker == _WORKER, attempts.c.outcome.is_(None))
    )


def _starting(dialect: str) -> Subquery:
    return given(
        dialect,
        amendment_id=Text,
        claimed_at=UtcTime,
        delivery_id=Text,
        number=Integer,
        step=Text,
        started_at=UtcTime,
    )


@cache
def _move(dialect: str) -> Executable:
    moved = _moves(dialect)
    a, newer = amendments.c, amendments.alias()
    outdone = and_(
        moved.c.state == Progress.QUEUED,
        exists(select(newer.c.id).where(newer.c.delivery_id == a.delivery_id, newer.c.id > a.id)),
    )
    over = or_(moved.c.state.in_([Progress.DONE, Progress.FAILED]), outdone)
    return (
        update(amendments)
        .where(a.id == moved.c.id, *held(amendments, moved.c.claimed_at))
        .values(
            state=case((outdone, literal(Progress.SUPERSEDED)), else_=moved.c.state),
            run_at=func.coalesce(moved.c.run_at, a.run_at),
            reason=moved.c.reason,
            finished_at=case((over, moved.c.finished_at), else_=null()),
        )
        .returning(a.id)
    )


@cache
def _show(dialect: str) -> Executable:
    """A delivery counts the attempts, and says what was changed and when."""
    moved = _moves(dialect)
    a, d = amendments.c, deliveries.c
    changed = and_(a.step == literal_column("'change'"), a.state == literal_column("'done'"))
    withdrawn = and_(a.step == literal_column("'take_back'"), a.state == literal_column("'done'"))
    return (
        update(deliveries)
        .where(d.id == moved.c.delivery_id, a.id == moved.c.id)
        .values(
            attempts=moved.c.number,
            message_id=case((changed, a.message_id), else_=d.message_id),
            changed_at=case((changed, a.finished_at), else_=d.changed_at),
            taken_back_at=case((withdrawn, a.finished_at), else_=d.taken_back_at),
        )
    )


def _moves(dialect: str) -> Subquery:
    return given(
        dialect,
        id=Text,
        claimed_at=UtcTime,
        delivery_id=Text,
        number=Integer,
        state=Text,
        run_at=UtcTime,
        reason=Text,
        finished_at=UtcTime,
    )
