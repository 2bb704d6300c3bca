"""Taking deliveries out of the queue: claimed in batches by one guarded statement, given back, woken."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Text,
    Update,
    and_,
    any_,
    bindparam,
    case,
    exists,
    func,
    select,
    update,
)

from bellwire.model.delivery import IfUnreachable, OnUnknown, Priority, State
from bellwire.model.recipient import Person
from bellwire.model.reference import ReachState
from bellwire.store.columns import UtcTime
from bellwire.store.given import given, listed, stamp
from bellwire.store.tables import conversation_references as references
from bellwire.store.tables import deliveries, in_state, lanes
from bellwire.store.wakeup import ring


class Want(NamedTuple):
    """At most ``most`` deliveries of one priority in one lane."""

    tenant_id: str
    sender: str
    priority: Priority
    most: int


class Claimed(NamedTuple):
    """A delivery that is now ``sending`` under the worker's name; ``attempts`` have begun before."""

    run_at: datetime
    id: str
    aad_object_id: str
    message_id: str
    attempts: int
    expires_at: datetime | None
    if_unreachable: IfUnreachable
    on_unknown: OnUnknown


def claim(conn: Connection, worker: str, want: Want, now: datetime) -> list[Claimed]:
    """Take what is due, first come first served, for the worker that owns the lane; nobody else can take the same."""
    taken = conn.execute(
        _claim(conn.dialect.name), {**_lane(want.tenant_id, want.sender, want.priority), **_claim_of(worker, want, now)}
    )
    claimed = [
        Claimed(run_at, id_, person, message, attempts, expires_at, IfUnreachable(unreachable), OnUnknown(unknown))
        for run_at, id_, person, message, attempts, expires_at, unreachable, unknown in taken
    ]
    claimed.sort(key=_order)
    return claimed


def next_due(conn: Connection, tenant_id: str, sender: str) -> datetime | None:
    """When the lane's next queued delivery is due, be it overdue already; None if nothing is queued there."""
    found = [conn.execute(_NEXT_DUE, _lane(tenant_id, sender, priority)).scalar() for priority in Priority]
    return min((at for at in found if at is not None), default=None)


def give_back(conn: Connection, worker: str, returned: Iterable[tuple[str, datetime]]) -> None:
    """Queue claimed deliveries again, each due at its time; those that the worker has lost stay as they are."""
    time = stamp(conn)
    rows = listed([delivery_id, time(run_at)] for delivery_id, run_at in returned)
    conn.execute(_give_back(conn.dialect.name), {"worker": worker, **rows})


def wake(conn: Connection, person: Person, now: datetime) -> int:
    """Queue what waits for this person, because they can be reached now; how many that were."""
    woken = conn.execute(
        _WAKE, {"tenant": person.tenant_id, "lane_sender": person.sender, "person": person.aad_object_id, "at": now}
    ).rowcount
    if woken:
        ring(conn)
    return woken


def overlooked(conn: Connection, most: int = 500) -> list[Person]:
    """Persons for whom something waits although they can be reached; there are none if every wake-up was heard."""
    return [Person(*row) for row in conn.execute(_OVERLOOKED, {"most": most})]


def _lane(tenant_id: str, sender: str, priority: Priority) -> dict[str, Any]:
    return {"tenant": tenant_id, "lane_sender": sender, "class": int(priority)}


def _claim_of(worker: str, want: Want, now: datetime) -> dict[str, Any]:
    return {"worker": worker, "most": want.most, "at": now}


def _order(claimed: Claimed) -> tuple[datetime, str]:
    return claimed.run_at, claimed.id


_OF_LANE: Final = (
    deliveries.c.tenant_id == bindparam("tenant"),
    deliveries.c.sender == bindparam("lane_sender"),
    deliveries.c.priority == bindparam("class"),
    in_state(State.QUEUED),
)
_NEXT_DUE: Final = select(func.min(deliveries.c.run_at)).where(*_OF_LANE)
_NOW: Final = bindparam("at", type_=UtcTime)
_WAKE: Final = (
    update(deliveries)
    .where(
        deliveries.c.tenant_id == bindparam("tenant"),
        deliveries.c.sender == bindparam("lane_sender"),
        deliveries.c.aad_object_id == bindparam("person"),
        in_state(State.WAITING),
    )
    .values(
        state=State.QUEUED,
        run_at=case((deliveries.c.run_at > _NOW, deliveries.c.run_at), else_=_NOW),  # never before its send_at
        reason=None,
    )
)
_OVERLOOKED: Final = (
    select(references.c.sender, references.c.tenant_id, references.c.aad_object_id)
    .distinct()
    .join_from(
        deliveries,
        references,
        and_(*(deliveries.c[name] == references.c[name] for name in ("tenant_id", "sender", "aad_object_id"))),
    )
    .where(in_state(State.WAITING), references.c.state == ReachState.REACHABLE)
    .limit(bindparam("most"))
)


def owned() -> ColumnElement[bool]:
    """That the worker owns the lane: whoever lost it, perhaps unawares, claims nothing there any more."""
    return exists(
        select(lanes.c.owner).where(
            lanes.c.tenant_id == bindparam("tenant"),
            lanes.c.sender == bindparam("lane_sender"),
            lanes.c.owner == bindparam("worker"),
        )
    )


@cache
def _claim(dialect: str) -> Executable:
    """The ids are chosen inside, so that both databases walk the partial index and never the table."""
    due = (
        select(deliveries.c.id)
        .where(*_OF_LANE, deliveries.c.run_at <= bindparam("at", type_=UtcTime), owned())
        .order_by(deliveries.c.run_at, deliveries.c.id)
        .limit(bindparam("most"))
    )
    chosen: ColumnElement[bool] = deliveries.c.id.in_(due)
    if dialect == "postgresql":
        chosen = deliveries.c.id == any_(func.array(due.with_for_update(skip_locked=True).scalar_subquery()))
    return (
        update(deliveries)
        .where(chosen, in_state(State.QUEUED))
        .values(
            state=State.SENDING, claimed_by=bindparam("worker"), claimed_at=bindparam("at", type_=UtcTime), reason=None
        )
        .returning(*(deliveries.c[name] for name in Claimed._fields))
    )


@cache
def _give_back(dialect: str) -> Update:
    returned = given(dialect, id=Text, run_at=UtcTime)
    return (
        update(deliveries)
        .where(deliveries.c.id == returned.c.id, *held())
        .values(state=State.QUEUED, run_at=returned.c.run_at, claimed_by=None, claimed_at=None)
    )


def held() -> tuple[ColumnElement[bool], ...]:
    """That the delivery is in this worker's hands.

    The worker is compared with an expression, so that no partial index tempts SQLite to walk all that the worker holds
    for each of the rows given, instead of finding each by its id.
    """
    return in_state(State.SENDING), func.coalesce(deliveries.c.claimed_by, "") == bindparam("worker")
