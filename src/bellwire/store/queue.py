"""Taking deliveries out of the queue: claimed in batches by one guarded statement, given back, woken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache, partial
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    Subquery,
    Text,
    Update,
    and_,
    any_,
    bindparam,
    case,
    exists,
    func,
    select,
    true,
    update,
)

from bellwire.model.delivery import Priority, State
from bellwire.model.recipient import Person
from bellwire.model.reference import ReachState
from bellwire.store import holding
from bellwire.store.columns import UtcTime
from bellwire.store.given import Gathered, given, listed
from bellwire.store.lanes import LaneKey
from bellwire.store.tables import conversation_references as references
from bellwire.store.tables import deliveries, in_state, lanes
from bellwire.store.wakeup import ring

give_back: Final = partial(holding.give_back, deliveries)
"""Queue claimed deliveries again, each due at its time."""


class Want(NamedTuple):
    """At most ``most`` deliveries of one priority in one lane."""

    tenant_id: str
    sender: str
    priority: Priority
    most: int

    @property
    def lane(self) -> LaneKey:
        """The lane."""
        return LaneKey(self.sender, self.tenant_id)


class Claimed(NamedTuple):
    """A delivery that is now ``sending`` under the worker's name, and the person's stored chat, if there is one.

    ``attempts`` have begun before; ``member_id`` is the person's 29: id if no personal install was ever told of. There
    is one for each row of the queue, so it is the row as the database gives it.
    """

    run_at: datetime
    id: str
    aad_object_id: str
    message_id: str
    attempts: int
    expires_at: datetime | None
    if_unreachable: str
    on_unknown: str
    if_chat_active: str
    conversation_id: str | None
    service_url: str | None
    chat_state: str | None
    chat_trace: str | None
    member_id: str | None


def claim(conn: Connection, worker: str, wants: Sequence[Want], now: datetime) -> dict[Want, list[Claimed]]:
    """Take what is due, first come first served, in lanes that the worker owns; nobody else can take the same.

    All are claimed together, so that many lanes that each want a few cost hardly more than one that wants many.
    """
    ids = (_one_by_one if conn.dialect.name == "sqlite" else _all_at_once)(conn, worker, wants, now)
    found: dict[tuple[str, str, int], list[Claimed]] = {}
    for tenant_id, sender, priority, *claimed in _CLAIMED(conn, listed(ids)) if ids else ():
        found.setdefault((tenant_id, sender, priority), []).append(Claimed(*claimed))
    return {want: found.get(want[:3], []) for want in wants}


def _all_at_once(conn: Connection, worker: str, wants: Sequence[Want], now: datetime) -> list[Sequence[str]]:
    return list(map(tuple, conn.execute(_CLAIM, {"worker": worker, "at": now, **listed(map(tuple, wants))})))


def _one_by_one(conn: Connection, worker: str, wants: Sequence[Want], now: datetime) -> list[Sequence[str]]:
    ids = list[Sequence[str]]()
    for tenant_id, sender, priority, most in wants:
        lane = {"tenant": tenant_id, "lane_sender": sender, "class": int(priority)}
        ids += _DUE(conn, {**lane, "worker": worker, "most": most, "at": now})
    if ids:
        conn.execute(_TAKE, {"worker": worker, "at": now, **listed(ids)})
    return ids


def next_due(conn: Connection, wants: Sequence[Want]) -> dict[Want, datetime]:
    """When the next queued delivery of each lane and priority is due, be it overdue already; not if none is queued."""
    rows = _NEXT_DUE(conn, listed([*want, number] for number, want in enumerate(wants)))
    return {wants[number]: due for number, due in rows if due is not None}


def wake(conn: Connection, person: Person, now: datetime) -> int:
    """Queue what waits for this person, because they can be reached now; how many that were."""
    woken = conn.execute(
        _WAKE, {"tenant": person.tenant_id, "lane_sender": person.sender, "person": person.aad_object_id, "at": now}
    ).rowcount
    if woken:
        ring(conn)
    return woken


def wake_all(conn: Connection, persons: Iterable[Person], now: datetime) -> int:
    """As ``wake``, for many at once."""
    rows = listed([each.tenant_id, each.sender, each.aad_object_id] for each in sorted(set(persons)))
    woken = conn.execute(_wake_all(conn.dialect.name), {"at": now, **rows}).rowcount
    if woken:
        ring(conn)
    return woken


def overlooked(conn: Connection, most: int = 500) -> list[Person]:
    """Persons for whom something waits although they can be reached; there are none if every wake-up was heard."""
    return [Person(*row) for row in conn.execute(_OVERLOOKED, {"most": most})]


_NOW: Final = bindparam("at", type_=UtcTime)
_AWAKE: Final[dict[Any, Any]] = {
    "state": State.QUEUED,
    "run_at": case((deliveries.c.run_at > _NOW, deliveries.c.run_at), else_=_NOW),  # never before its send_at
    "reason": None,
}
_WAKE: Final = (
    update(deliveries)
    .where(
        deliveries.c.tenant_id == bindparam("tenant"),
        deliveries.c.sender == bindparam("lane_sender"),
        deliveries.c.aad_object_id == bindparam("person"),
        in_state(State.WAITING),
    )
    .values(_AWAKE)
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


@cache
def _wake_all(dialect: str) -> Update:
    names = ("tenant_id", "sender", "aad_object_id")
    persons = given(dialect, **dict.fromkeys(names, Text))
    theirs = (deliveries.c[name] == persons.c[name] for name in names)
    return update(deliveries).where(*theirs, in_state(State.WAITING)).values(_AWAKE)


def _wanted(dialect: str) -> Subquery:
    return given(dialect, tenant_id=Text, sender=Text, priority=Integer, most=Integer, number=Integer)


def _of(lane: Any) -> tuple[ColumnElement[bool], ...]:
    """That a delivery is queued in this lane, with this priority."""
    return (*(deliveries.c[name] == lane[name] for name in ("tenant_id", "sender", "priority")), in_state(State.QUEUED))


def _owned(lane: Any) -> ColumnElement[bool]:
    """That the worker owns the lane: whoever lost it, perhaps unawares, claims nothing there any more."""
    theirs = (lanes.c[name] == lane[name] for name in ("tenant_id", "sender"))
    return exists(select(lanes.c.owner).where(*theirs, lanes.c.owner == bindparam("worker")))


def _due(lane: Any, most: ColumnElement[int]) -> Select[tuple[str]]:
    due = select(deliveries.c.id).where(*_of(lane), deliveries.c.run_at <= _NOW)
    return due.order_by(deliveries.c.run_at, deliveries.c.id).limit(most)


def _due_in_one() -> Select[tuple[str]]:
    return _due(_LANE, bindparam("most")).where(_owned(_LANE))


def _due_in_all() -> Select[tuple[str]]:
    wanted = _wanted("postgresql")
    due = _due(wanted.c, wanted.c.most).with_for_update(skip_locked=True).lateral("due")
    return select(due.c.id).join_from(wanted, due, true()).where(_owned(wanted.c))


def _next_due(dialect: str) -> Select[Any]:
    wanted = _wanted(dialect)
    due = select(func.min(deliveries.c.run_at)).where(*_of(wanted.c)).correlate(wanted).scalar_subquery()
    return select(wanted.c.number, due.label("run_at"))


def _take(chosen: ColumnElement[bool]) -> Update:
    return (
        update(deliveries)
        .where(chosen, in_state(State.QUEUED))
        .values(state=State.SENDING, claimed_by=bindparam("worker"), claimed_at=_NOW, reason=None)
    )


def _claimed(dialect: str) -> Select[Any]:
    ids = given(dialect, id=Text)
    d, r = deliveries.c, references.c
    return (
        select(
            *(d.tenant_id, d.sender, d.priority),
            *(d[name] for name in Claimed._fields[:9]),
            r.conversation_id,
            r.service_url,
            r.state.label("chat_state"),
            r.trace.label("chat_trace"),
            case((r.installed_at.is_(None), r.user_id)).label("member_id"),
        )
        .join_from(ids, deliveries, d.id == ids.c.id)
        .join(
            references,
            and_(r.tenant_id == d.tenant_id, r.sender == d.sender, r.aad_object_id == d.aad_object_id),
            isouter=True,
        )
        .order_by(d.run_at, d.id)
    )


# SQLite has one writer at a time, so what was chosen cannot change before it is taken; and rows that an UPDATE returns
# cannot be gathered. On PostgreSQL the ids are chosen inside, which keeps the claim on the partial index.
_LANE: Final[dict[str, ColumnElement[Any]]] = {
    "tenant_id": bindparam("tenant"),
    "sender": bindparam("lane_sender"),
    "priority": bindparam("class"),
}
_DUE: Final = Gathered(lambda _: _due_in_one())
_TAKE: Final = _take(deliveries.c.id.in_(select(given("sqlite", id=Text).c.id)))
_CLAIM: Final = _take(deliveries.c.id == any_(func.array(_due_in_all().scalar_subquery()))).returning(deliveries.c.id)
_NEXT_DUE: Final = Gathered(_next_due)
_CLAIMED: Final = Gathered(_claimed)
