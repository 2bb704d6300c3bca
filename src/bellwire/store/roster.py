"""Rosters: who is in which team that has the app, and the 29: id by which their chat can be opened."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, Text, bindparam, case, delete, exists, select, tuple_, update

from bellwire.model.delivery import State
from bellwire.model.member import Member
from bellwire.model.reach import REFUSED_FOR
from bellwire.model.reason import Reason
from bellwire.model.recipient import Person
from bellwire.model.reference import ReachState
from bellwire.store import queue
from bellwire.store.columns import UtcTime
from bellwire.store.given import given, listed
from bellwire.store.lanes import LaneKey
from bellwire.store.tables import conversation_references as references
from bellwire.store.tables import deliveries, in_state, roster, teams
from bellwire.store.upsert import Excluded, Upsert

_KEY: Final = ("tenant_id", "sender", "aad_object_id")


def put(conn: Connection, lane: LaneKey, members: Collection[Member], *, joined: bool = False) -> None:
    """Members that a roster names, each as it was at ``listed_at``; who has ``joined`` just now may be tried again."""
    rows = [
        {
            **{"tenant_id": lane.tenant_id, "sender": lane.sender, "aad_object_id": each.aad_object_id},
            **{"team_id": each.team_id, "user_id": each.user_id, "name": each.name, "guest": each.guest},
            **{"listed_at": each.listed_at, "refused": None, "refused_at": None},
        }
        for each in {each.aad_object_id: each for each in members}.values()
    ]
    if rows:
        (_JOIN if joined else _PUT)(conn, rows)


def leave(conn: Connection, lane: LaneKey, team_id: str, aad_object_ids: Collection[str], at: datetime) -> None:
    """These people left the team at ``at``; who was named since then has come back."""
    gone = roster.c.aad_object_id.in_(bindparam("persons", expanding=True))
    conn.execute(_OLDER.where(gone), _team(lane, team_id) | {"at": at, "persons": sorted(aad_object_ids)})


def sweep(conn: Connection, lane: LaneKey, team_id: str, began_at: datetime) -> None:
    """A roster was read from ``began_at`` on: who was not named in it, nor has joined since, is not in the team.

    Who is named in it may be tried again once a refusal is ``REFUSED_FOR`` old.
    """
    conn.execute(_OLDER, _team(lane, team_id) | {"at": began_at - timedelta(microseconds=1)})
    conn.execute(_FORGIVE, _team(lane, team_id) | {"at": began_at - REFUSED_FOR})


def refuse(conn: Connection, person: Person, reason: Reason, at: datetime) -> None:
    """Teams would not open this member's chat."""
    key = {"tenant": person.tenant_id, "of_sender": person.sender, "person": person.aad_object_id}
    conn.execute(_REFUSE, key | {"why": reason, "at": at})


def members(conn: Connection, persons: Collection[Person]) -> dict[Person, Member]:
    """Those of these persons who are on some roster, by the best one of theirs; any number of them."""
    if not persons:
        return {}
    rows = listed((person.tenant_id, person.sender, person.aad_object_id) for person in persons)
    found: dict[Person, Member] = {}
    for row in conn.execute(_members(conn.dialect.name), rows):
        found.setdefault(Person(row.sender, row.tenant_id, row.aad_object_id), _member_of(row))
    return found


def of(conn: Connection, keys: Collection[tuple[str, str]]) -> list[tuple[Person, Member]]:
    """The rosters on which any sender sees these people, named by tenant and object id; the best one first."""
    rows = conn.execute(_of(conn.dialect.name), listed(keys))
    return [(Person(row.sender, row.tenant_id, row.aad_object_id), _member_of(row)) for row in rows]


def listed_before(conn: Connection, lane: LaneKey, team_id: str, aad_object_ids: Iterable[str]) -> set[str]:
    """Those of these people whom the team's roster named already."""
    rows = listed([each] for each in aad_object_ids)
    return set(conn.execute(_listed_before(conn.dialect.name), {**_team(lane, team_id), **rows}).scalars())


def wake(conn: Connection, lane: LaneKey, aad_object_ids: Iterable[str], now: datetime) -> None:
    """Queue what waits for these members, if nothing but the roster, or a chat that is open, leads to them."""
    rows = listed([each] for each in aad_object_ids)
    waiting = conn.execute(_waiting(conn.dialect.name), {"tenant": lane.tenant_id, "of_sender": lane.sender, **rows})
    for person in waiting.scalars().all():
        queue.wake(conn, Person(lane.sender, lane.tenant_id, person), now)


def _team(lane: LaneKey, team_id: str) -> dict[str, Any]:
    return {"tenant": lane.tenant_id, "of_sender": lane.sender, "team": team_id}


def _select() -> Select[Any]:
    """The team's address is looked up for each entry: joined, it tempts PostgreSQL to begin with all teams."""
    columns = [roster.c[name] for name in (*_KEY, "team_id", "user_id", "name", "guest", "listed_at", "refused")]
    address = select(teams.c.service_url).where(
        *(teams.c[name] == roster.c[name] for name in ("tenant_id", "sender", "team_id"))
    )
    return select(*columns, address.scalar_subquery().label("service_url"))


def _member_of(row: Row[Any]) -> Member:
    return Member(
        aad_object_id=row.aad_object_id,
        user_id=row.user_id,
        team_id=row.team_id,
        service_url=row.service_url,
        listed_at=row.listed_at,
        name=row.name,
        guest=row.guest,
        refused=None if row.refused is None else Reason(row.refused),
    )


def _named(new: Excluded) -> dict[str, Any]:
    newer = new["listed_at"] >= roster.c.listed_at
    kept = {name: case((newer, new[name]), else_=roster.c[name]) for name in ("user_id", "name", "guest")}
    return kept | {"listed_at": case((newer, new["listed_at"]), else_=roster.c.listed_at)}


@cache
def _members(dialect: str) -> Select[Any]:
    wanted = given(dialect, tenant_id=Text, sender=Text, aad_object_id=Text)
    same = tuple_(*(roster.c[name] for name in _KEY)) == tuple_(*(wanted.c[name] for name in _KEY))
    return _select().join(wanted, same).order_by(*_BEST)


@cache
def _of(dialect: str) -> Select[Any]:
    wanted = given(dialect, tenant_id=Text, aad_object_id=Text)
    same = (roster.c.tenant_id == wanted.c.tenant_id) & (roster.c.aad_object_id == wanted.c.aad_object_id)
    return _select().join(wanted, same).order_by(*_BEST)


@cache
def _listed_before(dialect: str) -> Select[Any]:
    wanted = given(dialect, aad_object_id=Text)
    return select(roster.c.aad_object_id).where(*_OF_TEAM, roster.c.aad_object_id.in_(select(wanted.c.aad_object_id)))


@cache
def _waiting(dialect: str) -> Select[Any]:
    wanted = given(dialect, aad_object_id=Text)
    shut = exists().where(
        *(references.c[name] == deliveries.c[name] for name in _KEY), references.c.state != ReachState.REACHABLE
    )
    return (
        select(deliveries.c.aad_object_id)
        .distinct()
        .where(
            deliveries.c.tenant_id == bindparam("tenant"),
            deliveries.c.sender == bindparam("of_sender"),
            in_state(State.WAITING),
            deliveries.c.aad_object_id.in_(select(wanted.c.aad_object_id)),
            ~shut,
        )
    )


_BEST: Final = (roster.c.aad_object_id, roster.c.guest, roster.c.refused.is_not(None), roster.c.listed_at.desc())
_KEYS: Final = (*_KEY, "team_id")
_PUT: Final = Upsert(roster, _KEYS, _named)
_JOIN: Final = Upsert(roster, _KEYS, lambda new: {**_named(new), "refused": None, "refused_at": None})
_OF_TEAM: Final = (
    roster.c.tenant_id == bindparam("tenant"),
    roster.c.sender == bindparam("of_sender"),
    roster.c.team_id == bindparam("team"),
)
_OLDER: Final = delete(roster).where(*_OF_TEAM, roster.c.listed_at <= bindparam("at", type_=UtcTime))
_FORGIVE: Final = (
    update(roster)
    .where(*_OF_TEAM, roster.c.refused_at <= bindparam("at", type_=UtcTime))
    .values(refused=None, refused_at=None)
)
_REFUSE: Final = (
    update(roster)
    .where(
        roster.c.tenant_id == bindparam("tenant"),
        roster.c.sender == bindparam("of_sender"),
        roster.c.aad_object_id == bindparam("person"),
    )
    .values(refused=bindparam("why"), refused_at=bindparam("at", type_=UtcTime))
)
