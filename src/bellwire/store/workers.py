"""Workers, their signs of life, and what a dead one still holds."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Text,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    union,
    update,
)

from bellwire.model.delivery import OnUnknown, State
from bellwire.model.outcome import Step
from bellwire.store.bites import bite
from bellwire.store.columns import UtcTime
from bellwire.store.tables import amendments, attempts, deliveries, in_state, lanes, repairs, workers
from bellwire.store.wakeup import ring


class Peer(NamedTuple):
    """A worker that has not stopped."""

    id: str
    process: str | None
    heartbeat_at: datetime


class Orphan(NamedTuple):
    """A worker that has stopped, and in whose hands there is still something; ``process`` if that is known."""

    id: str
    process: str | None


class Held(NamedTuple):
    """A delivery in a worker's hands, and the attempt that it began and did not end, if there is one."""

    delivery_id: str
    claimed_at: datetime
    sender: str
    tenant_id: str
    attempts: int
    on_unknown: OnUnknown
    open_number: int | None
    open_step: Step | None
    open_since: datetime | None = None


def register(conn: Connection, worker: str, process: str | None, now: datetime) -> None:
    """A worker begins."""
    conn.execute(insert(workers).values(id=worker, process=process, started_at=now, heartbeat_at=now))


def beat(conn: Connection, worker: str, now: datetime) -> bool:
    """A sign of life; False if the worker was declared dead meanwhile, so that what it held is not its own any more."""
    return conn.execute(_BEAT, {"worker": worker, "at": now}).rowcount > 0


def peers(conn: Connection) -> list[Peer]:
    """All workers that have not stopped, as far as is known."""
    return [Peer(*row) for row in conn.execute(_PEERS)]


def count(conn: Connection) -> int:
    """How many workers have not stopped, as far as is known."""
    return conn.execute(_COUNT).scalar_one()


def orphans(conn: Connection) -> list[Orphan]:
    """Stopped workers in whose hands there is still something."""
    return [Orphan(*row) for row in conn.execute(_ORPHANS)]


def retire(conn: Connection, worker: str, now: datetime, *, silent_since: datetime | None = None) -> bool:
    """Close a worker's row and free its lanes. It can claim and begin nothing from now on.

    False if it was closed before, or if it has given a sign of life after ``silent_since``.
    """
    retired = conn.execute(_RETIRE, {"worker": worker, "at": now, "silent_since": silent_since}).rowcount > 0
    if retired:
        conn.execute(_OWNED, {"worker": worker}).all()
        conn.execute(_FREE, {"worker": worker})
        ring(conn)
    return retired


def held(conn: Connection, worker: str) -> list[Held]:
    """What is in a worker's hands. The rows are locked, so that an attempt just beginning is either seen or refused."""
    conn.execute(_LOCK, {"worker": worker}).all()
    return [
        Held(id_, at, sender, tenant_id, begun, OnUnknown(unknown), number, None if step is None else Step(step), since)
        for id_, at, sender, tenant_id, begun, unknown, number, step, since in conn.execute(_HELD, {"worker": worker})
    ]


def prune(conn: Connection, before: datetime) -> int:
    """Forget a bite of the workers that stopped before then and hold nothing any more; how many that were."""
    return conn.execute(_prune(conn.dialect.name), {"before": before}).rowcount


def alive() -> ColumnElement[bool]:
    """That the worker has not been closed."""
    return exists(select(workers.c.id).where(workers.c.id == bindparam("worker", type_=Text), _open()))


def _open() -> ColumnElement[bool]:
    return workers.c.stopped_at.is_(None)


_BEAT: Final = (
    update(workers)
    .where(workers.c.id == bindparam("worker"), _open())
    .values(heartbeat_at=bindparam("at", type_=UtcTime))
)
_COUNT: Final = select(func.count()).select_from(workers).where(_open())
_PEERS: Final = select(*(workers.c[name] for name in Peer._fields)).where(_open())
_SILENT_SINCE: Final = bindparam("silent_since", type_=UtcTime)
_RETIRE: Final = (
    update(workers)
    .where(
        workers.c.id == bindparam("worker"),
        _open(),
        or_(_SILENT_SINCE.is_(None), workers.c.heartbeat_at <= _SILENT_SINCE),
    )
    .values(stopped_at=bindparam("at", type_=UtcTime))
)
_OWNED: Final = (
    select(lanes.c.tenant_id)
    .where(lanes.c.owner == bindparam("worker"))
    .order_by(lanes.c.tenant_id, lanes.c.sender)
    .with_for_update()
)
_FREE: Final = update(lanes).where(lanes.c.owner == bindparam("worker")).values(owner=null())
_IN_HAND: Final = (in_state(State.SENDING), deliveries.c.claimed_by == bindparam("worker"))
_LOCK: Final = select(deliveries.c.id).where(*_IN_HAND).order_by(deliveries.c.id).with_for_update()
_HELD: Final = (
    select(
        deliveries.c.id,
        deliveries.c.claimed_at,
        deliveries.c.sender,
        deliveries.c.tenant_id,
        deliveries.c.attempts,
        deliveries.c.on_unknown,
        attempts.c.number,
        attempts.c.step,
        attempts.c.started_at,
    )
    .join_from(
        deliveries,
        attempts,
        and_(
            attempts.c.delivery_id == deliveries.c.id,
            attempts.c.outcome.is_(None),
            attempts.c.worker == bindparam("worker"),
        ),
        isouter=True,
    )
    .where(*_IN_HAND)
    .order_by(deliveries.c.id)
)
_HOLDERS: Final = union(
    select(deliveries.c.claimed_by).where(in_state(State.SENDING)),
    select(amendments.c.claimed_by).where(amendments.c.state == literal_column("'sending'")),
    select(repairs.c.claimed_by).where(repairs.c.state == literal_column("'sending'")),
).subquery()
_ORPHANS: Final = (
    select(_HOLDERS.c.claimed_by, workers.c.process)
    .join_from(_HOLDERS, workers, workers.c.id == _HOLDERS.c.claimed_by, isouter=True)
    .where(or_(workers.c.id.is_(None), workers.c.stopped_at.is_not(None)))
)


@cache
def _prune(dialect: str) -> Delete:
    in_hand = (
        select(rows.c.id).where(rows.c.state == literal_column("'sending'"), rows.c.claimed_by == workers.c.id)
        for rows in (deliveries, amendments, repairs)
    )
    over = workers.c.stopped_at < bindparam("before", type_=UtcTime)
    return bite(dialect, workers.c.stopped_at, over, *(~exists(rows.correlate(workers)) for rows in in_hand))
