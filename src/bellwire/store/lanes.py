"""Lanes: which worker owns one, until when one is shut, and which senders are halted.

A lane is one sender in one tenant. One worker at a time owns it, so that its pace is one worker's memory; a worker
that dies loses its lanes in the same transaction in which its deliveries are rescued. A halted sender has a row with
every tenant's sign in the tenant's place.

Whoever locks several rows locks them in the order of (tenant_id, sender), compared as bytes: so nobody waits in a ring.
Whoever changes a row's owner locks it first, as one would to delete it; a pause only writes. So who holds a lane keeps
its owner, and neither waits for a pause nor has one wait: both are committed in groups with anything else.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Text, bindparam, delete, exists, func, literal_column, or_, select, union, update
from sqlalchemy.dialects import postgresql, sqlite

from bellwire.model.reason import Reason
from bellwire.store.columns import UtcTime
from bellwire.store.given import given, listed
from bellwire.store.lane_queue import firsts
from bellwire.store.tables import COUNTERS, EVERY_TENANT, amendments, books, deliveries, lanes, repairs, workers
from bellwire.store.wakeup import ring
from bellwire.store.workers import alive


class LaneKey(NamedTuple):
    """One sender in one tenant."""

    sender: str
    tenant_id: str


class Halted(NamedTuple):
    """A sender that cannot send, why and since when; it is tried again at ``probe_at``."""

    sender: str
    reason: Reason
    halted_at: datetime
    probe_at: datetime | None


class Standstill(NamedTuple):
    """Nothing of this sender goes out into the tenant (or, with ``EVERY_TENANT``, anywhere) before ``until``."""

    sender: str
    tenant_id: str
    reason: Reason
    until: datetime


def busy(conn: Connection) -> list[LaneKey]:
    """The lanes that have work, be it due or not."""
    return [LaneKey(*row) for row in conn.execute(_BUSY)]


def own(conn: Connection, worker: str, keys: Iterable[LaneKey]) -> dict[LaneKey, datetime | None]:
    """Take lanes that nobody owns, or only the dead; those now owned, with the time until which each is shut.

    A worker that was declared dead gets none.
    """
    rows = _listed(keys)
    if conn.dialect.name == "postgresql":
        conn.execute(_WANTED, rows).all()
    taken = conn.execute(_own(conn.dialect.name), {"worker": worker, **rows})
    return {LaneKey(sender, tenant_id): paused for tenant_id, sender, paused in taken}


def owners(conn: Connection, keys: Iterable[LaneKey]) -> dict[LaneKey, str]:
    """Which living workers own these lanes."""
    rows = _listed(keys)
    return {
        LaneKey(sender, tenant_id): owner for sender, tenant_id, owner in conn.execute(_owners(conn.dialect.name), rows)
    }


def owned(conn: Connection, worker: str) -> set[LaneKey]:
    """The lanes whose rows name this worker."""
    return {LaneKey(*row) for row in conn.execute(_OWNED, {"worker": worker})}


def release(conn: Connection, worker: str, keys: Iterable[LaneKey]) -> list[LaneKey]:
    """Let go of lanes for others to take, but for those in which the worker still has something in hand.

    Run by the worker itself: nobody else takes a living worker's lane from it.
    """
    given_keys = {"worker": worker, **_listed(keys)}
    if conn.dialect.name == "postgresql":
        conn.execute(_LEAVING, given_keys).all()
    found = [LaneKey(*row) for row in conn.execute(_release(conn.dialect.name), given_keys)]
    if found:
        ring(conn)
    return found


def hold(conn: Connection, worker: str, keys: Iterable[LaneKey]) -> set[LaneKey]:
    """Those of the lanes that the worker owns; nobody takes them from it before this transaction has ended."""
    if conn.dialect.name == "sqlite":  # where nobody else can write before that
        return set(keys)
    return {LaneKey(*row) for row in conn.execute(_HOLD, {"worker": worker, **_listed(keys)})}


def pause(conn: Connection, key: LaneKey, until: datetime) -> None:
    """Shut a lane; a later end that is stored already stays."""
    conn.execute(_PAUSE, {"tenant": key.tenant_id, "lane_sender": key.sender, "until": until})


def halt(conn: Connection, sender: str, reason: Reason, now: datetime, probe_at: datetime) -> None:
    """Stop a sender, or put off its next try; since when it stands still is kept."""
    insert = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    row = insert(lanes).values(
        tenant_id=EVERY_TENANT, sender=sender, paused_until=probe_at, halted_reason=reason, halted_at=now
    )
    conn.execute(
        row.on_conflict_do_update(
            index_elements=["tenant_id", "sender"],
            set_={
                "paused_until": row.excluded.paused_until,
                "halted_reason": row.excluded.halted_reason,
                "halted_at": func.coalesce(lanes.c.halted_at, row.excluded.halted_at),
            },
        )
    )


def resume(conn: Connection, sender: str) -> bool:
    """Let a halted sender go on; False if it was not halted."""
    gone = delete(lanes).where(lanes.c.tenant_id == EVERY_TENANT, lanes.c.sender == sender)
    ring(conn)
    return conn.execute(gone).rowcount > 0


def halted(conn: Connection) -> list[Halted]:
    """The senders that stand still."""
    return [
        Halted(sender, Reason(reason), since, probe_at) for sender, reason, since, probe_at in conn.execute(_HALTED)
    ]


def standstills(conn: Connection, now: datetime) -> list[Standstill]:
    """The lanes that are paused and the senders that are halted; a halted one may be tried again at ``until``."""
    return [
        Standstill(sender, tenant_id, Reason.PAUSED if halted_for is None else Reason(halted_for), until or now)
        for sender, tenant_id, halted_for, until in conn.execute(_STANDSTILLS, {"at": now})
    ]


def in_order(key: LaneKey) -> tuple[str, str]:
    """The order in which lanes' rows are locked."""
    return key.tenant_id, key.sender


def _listed(keys: Iterable[LaneKey]) -> dict[str, str]:
    return listed(map(in_order, sorted(keys, key=in_order)))


_OWNED: Final = select(lanes.c.sender, lanes.c.tenant_id).where(lanes.c.owner == bindparam("worker"))
_finished: Final = sum((books.c[counter] for counter in COUNTERS[2:]), books.c[COUNTERS[1]])
_amended: Final = firsts(amendments).subquery()
_BUSY: Final = union(
    select(books.c.sender, books.c.tenant_id).where(books.c.accepted > _finished),
    select(_amended.c.sender, _amended.c.tenant_id),
)
_PAUSE: Final = (
    update(lanes)
    .where(
        lanes.c.tenant_id == bindparam("tenant"),
        lanes.c.sender == bindparam("lane_sender"),
        or_(lanes.c.paused_until.is_(None), lanes.c.paused_until < bindparam("until", type_=UtcTime)),
    )
    .values(paused_until=bindparam("until", type_=UtcTime))
)
_HALTED: Final = select(lanes.c.sender, lanes.c.halted_reason, lanes.c.halted_at, lanes.c.paused_until).where(
    lanes.c.tenant_id == EVERY_TENANT, lanes.c.halted_at.is_not(None)
)
_STANDSTILLS: Final = select(lanes.c.sender, lanes.c.tenant_id, lanes.c.halted_reason, lanes.c.paused_until).where(
    or_(lanes.c.halted_at.is_not(None), lanes.c.paused_until > bindparam("at", type_=UtcTime))
)


@cache
def _owners(dialect: str) -> Any:
    asked = given(dialect, tenant_id=Text, sender=Text)
    return (
        select(lanes.c.sender, lanes.c.tenant_id, lanes.c.owner)
        .join_from(asked, lanes, (lanes.c.tenant_id == asked.c.tenant_id) & (lanes.c.sender == asked.c.sender))
        .join(workers, (workers.c.id == lanes.c.owner) & workers.c.stopped_at.is_(None))
    )


@cache
def _release(dialect: str) -> Any:
    leaving = given(dialect, tenant_id=Text, sender=Text)
    in_hand = [
        select(rows.c.id).where(
            rows.c.state == literal_column("'sending'"),
            rows.c.claimed_by == bindparam("worker"),
            rows.c.tenant_id == lanes.c.tenant_id,
            rows.c.sender == lanes.c.sender,
        )
        for rows in (deliveries, amendments, repairs)
    ]
    return (
        update(lanes)
        .where(
            lanes.c.tenant_id == leaving.c.tenant_id,
            lanes.c.sender == leaving.c.sender,
            lanes.c.owner == bindparam("worker"),
            *(~exists(rows.correlate(lanes)) for rows in in_hand),
        )
        .values(owner=None)
        .returning(lanes.c.sender, lanes.c.tenant_id)
    )


_HELD: Final = given("postgresql", tenant_id=Text, sender=Text)
_ASKED: Final = (
    select(lanes.c.sender, lanes.c.tenant_id)
    .join_from(_HELD, lanes, (lanes.c.tenant_id == _HELD.c.tenant_id) & (lanes.c.sender == _HELD.c.sender))
    .order_by(lanes.c.tenant_id, lanes.c.sender)
)
_MINE: Final = _ASKED.where(lanes.c.owner == bindparam("worker"))
_HOLD: Final = _MINE.with_for_update(of=lanes, read=True, key_share=True)
_LEAVING: Final = _MINE.with_for_update(of=lanes)
_WANTED: Final = _ASKED.with_for_update(of=lanes)


@cache
def _own(dialect: str) -> Any:
    wanted = given(dialect, tenant_id=Text, sender=Text)
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    row = insert(lanes).from_select(
        ["tenant_id", "sender", "owner"],
        select(wanted.c.tenant_id, wanted.c.sender, bindparam("worker", type_=Text)).where(alive()),
    )
    living = select(workers.c.id).where(workers.c.stopped_at.is_(None))
    return row.on_conflict_do_update(
        index_elements=["tenant_id", "sender"],
        set_={"owner": row.excluded.owner},
        where=or_(lanes.c.owner.is_(None), lanes.c.owner == row.excluded.owner, lanes.c.owner.not_in(living)),
    ).returning(lanes.c.tenant_id, lanes.c.sender, lanes.c.paused_until)
