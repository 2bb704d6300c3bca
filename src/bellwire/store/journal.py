"""The row before the wire, and the result after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    Connection,
    Insert,
    Integer,
    Select,
    Subquery,
    Text,
    Update,
    and_,
    bindparam,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from bellwire.model.delivery import FINAL, State
from bellwire.model.outcome import Step
from bellwire.store import books
from bellwire.store.columns import UtcTime
from bellwire.store.given import given, listed, stamp
from bellwire.store.holding import held
from bellwire.store.lanes import LaneKey
from bellwire.store.tables import attempts, deliveries
from bellwire.store.transaction import ended
from bellwire.store.workers import alive


class Begun(NamedTuple):
    """An attempt that is about to be written to the wire, of what was claimed at ``claimed_at``."""

    delivery_id: str
    claimed_at: datetime
    number: int
    step: Step
    started_at: datetime
    amendment_id: str | None = None
    repair_id: str | None = None


class Result(NamedTuple):
    """What became of an attempt, and where its delivery goes; without ``outcome``, it goes there unattempted.

    A delivery that stays ``sending`` is tried again at once by the same worker. It was claimed at ``claimed_at``.
    """

    delivery_id: str
    claimed_at: datetime
    lane: LaneKey
    number: int
    state: State
    finished_at: datetime
    outcome: str | None = None
    status: int | None = None
    code: str | None = None
    remedy: str | None = None
    retry_at: datetime | None = None
    run_at: datetime | None = None
    reason: str | None = None
    activity_id: str | None = None
    conversation_id: str | None = None
    service_url: str | None = None
    amendment_id: str | None = None
    repair_id: str | None = None


def begin(conn: Connection, worker: str, starting: Collection[Begun], now: datetime) -> set[str]:
    """Write down that these attempts begin; the ids of those that may go to the wire now.

    Left out are those that the worker does not hold any more, and those that are worth nothing after their expiry.
    Doing it again, when it is not known whether the first time was committed, changes nothing.
    """
    time = stamp(conn)
    rows = listed(
        [each.delivery_id, time(each.claimed_at), each.number, each.step, time(each.started_at)] for each in starting
    )
    written = conn.execute(_begin(conn.dialect.name), {"worker": worker, "at": now, **rows}).rowcount
    if written == len(starting):
        return {each.delivery_id for each in starting}
    return {row[0] for row in conn.execute(_begun(conn.dialect.name), {"worker": worker, **rows})}


def record(conn: Connection, worker: str, results: Sequence[Result]) -> set[str]:
    """Write down what became of attempts, move their deliveries and the books; the ids of the deliveries moved.

    A delivery that was taken from the worker meanwhile stays where it is; its attempt keeps its outcome all the same.
    Doing it again changes nothing.
    """
    time = stamp(conn)
    end(conn, results)
    moves = [
        [
            r.delivery_id,
            time(r.claimed_at),
            r.number,
            r.state,
            time(r.run_at),
            r.reason,
            r.activity_id,
            r.conversation_id,
            r.service_url,
            time(r.finished_at) if r.state in FINAL else None,
        ]
        for r in results
    ]
    moved = _moved(conn, worker, moves)
    over = [r for r in results if r.state in FINAL and r.delivery_id in moved]
    for (lane, state), number in Counter((r.lane, r.state) for r in over).items():
        books.move(conn, lane.sender, lane.tenant_id, state, number)
    ended(conn, (r.delivery_id for r in over))
    return moved


def _moved(conn: Connection, worker: str, moves: Sequence[Sequence[Any]]) -> set[str]:
    """Move what is in the worker's hands. On SQLite, whose state nobody else changes meanwhile, it is counted first."""
    dialect, parameters = conn.dialect.name, {"worker": worker, **listed(moves)}
    if dialect == "sqlite" and conn.execute(_HELD, parameters).scalar() == len(moves):
        conn.execute(_move(dialect), parameters)
        return {move[0] for move in moves}
    return set(conn.scalars(_move(dialect).returning(deliveries.c.id), parameters).all())


def end(conn: Connection, results: Iterable[Result]) -> None:
    """Write down what became of attempts, where that is not written yet."""
    time = stamp(conn)
    ended = [
        [r.delivery_id, r.number, time(r.finished_at), r.outcome, r.status, r.code, r.remedy, time(r.retry_at)]
        for r in results
        if r.outcome is not None
    ]
    if ended:
        conn.execute(_end(conn.dialect.name), listed(ended))


@cache
def _begin(dialect: str) -> Insert:
    starting, d = _starting(dialect), deliveries.c
    columns = {
        "delivery_id": d.id,
        "number": starting.c.number,
        "tenant_id": d.tenant_id,
        "sender": d.sender,
        "aad_object_id": d.aad_object_id,
        "step": starting.c.step,
        "worker": bindparam("worker", type_=Text),
        "started_at": starting.c.started_at,
    }
    allowed = (
        select(*columns.values())
        .join_from(starting, deliveries, d.id == starting.c.delivery_id)
        .where(
            *held(deliveries, starting.c.claimed_at),
            alive(),
            or_(d.expires_at.is_(None), d.expires_at > bindparam("at", type_=UtcTime)),
        )
        .with_for_update(of=deliveries, read=True)
    )
    return begun_again(dialect, columns, allowed)


@cache
def _begun(dialect: str) -> Select[str]:
    starting = _starting(dialect)
    begun = and_(attempts.c.delivery_id == starting.c.delivery_id, attempts.c.number == starting.c.number)
    return (
        select(attempts.c.delivery_id)
        .join_from(starting, attempts, begun)
        .join(deliveries, deliveries.c.id == starting.c.delivery_id)
        .where(
            *held(deliveries, starting.c.claimed_at),
            attempts.c.worker == bindparam("worker"),
            attempts.c.outcome.is_(None),
        )
    )


def _starting(dialect: str) -> Subquery:
    return given(dialect, delivery_id=Text, claimed_at=UtcTime, number=Integer, step=Text, started_at=UtcTime)


def begun_again(dialect: str, columns: Collection[str], allowed: Select[Any]) -> Insert:
    """An insert of attempts that finds those written before by the same worker, when it is done again."""
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    written: Any = insert(attempts).from_select(list(columns), allowed)
    again: Insert = written.on_conflict_do_update(
        index_elements=["delivery_id", "number"],
        set_={"started_at": written.excluded.started_at},
        where=(attempts.c.worker == written.excluded.worker) & attempts.c.outcome.is_(None),
    )
    return again.execution_options(preserve_rowcount=True)


@cache
def _end(dialect: str) -> Update:
    ended = given(
        dialect,
        delivery_id=Text,
        number=Integer,
        finished_at=UtcTime,
        outcome=Text,
        status=Integer,
        code=Text,
        remedy=Text,
        retry_at=UtcTime,
    )
    results = ("finished_at", "outcome", "status", "code", "remedy", "retry_at")
    return (
        update(attempts)
        .where(
            attempts.c.delivery_id == ended.c.delivery_id,
            attempts.c.number == ended.c.number,
            attempts.c.outcome.is_(None),
        )
        .values({name: ended.c[name] for name in results})
    )


@cache
def _move(dialect: str) -> Update:
    moved = given(
        dialect,
        id=Text,
        claimed_at=UtcTime,
        number=Integer,
        state=Text,
        run_at=UtcTime,
        reason=Text,
        activity_id=Text,
        conversation_id=Text,
        service_url=Text,
        finished_at=UtcTime,
    )
    d = deliveries.c
    return (
        update(deliveries)
        .where(d.id == moved.c.id, *held(deliveries, moved.c.claimed_at))
        .values(
            state=moved.c.state,
            attempts=moved.c.number,
            run_at=func.coalesce(moved.c.run_at, d.run_at),
            reason=moved.c.reason,
            activity_id=moved.c.activity_id,
            conversation_id=func.coalesce(moved.c.conversation_id, d.conversation_id),
            service_url=func.coalesce(moved.c.service_url, d.service_url),
            finished_at=moved.c.finished_at,
        )
    )


_CLAIMS: Final = given("sqlite", id=Text, claimed_at=UtcTime)
_HELD: Final = (
    select(func.count())
    .select_from(_CLAIMS)
    .join(deliveries, deliveries.c.id == _CLAIMS.c.id)
    .where(*held(deliveries, _CLAIMS.c.claimed_at))
)
