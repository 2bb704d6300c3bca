"""Teams that have the app: since when, and when each one's roster is to be read again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, case, delete, func, literal, or_, select, update

from bellwire.store.columns import UtcTime
from bellwire.store.lanes import LaneKey
from bellwire.store.tables import roster, teams
from bellwire.store.upsert import Excluded, Upsert
from bellwire.store.wakeup import ring


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """One team, as one sender knows it; ``installed`` says whether the app is in it."""

    lane: LaneKey
    team_id: str
    service_url: str
    name: str | None
    installed: bool
    read_at: datetime | None
    due_at: datetime | None


def heard(
    conn: Connection,
    lane: LaneKey,
    team_id: str,
    *,
    service_url: str,
    name: str | None,
    installed_at: datetime | None = None,
    removed_at: datetime | None = None,
) -> bool:
    """Keep that the app came into a team, or left it; whether it is there now, by the newest word of either."""
    key = _key(lane, team_id)
    _HEARD(
        conn,
        {
            **{"tenant_id": lane.tenant_id, "sender": lane.sender, "team_id": team_id},
            **{"service_url": service_url, "name": name, "installed_at": installed_at, "removed_at": removed_at},
        },
    )
    if conn.execute(_IS_INSTALLED, key).scalar():
        return True
    conn.execute(_DROP, key)
    conn.execute(_SET_DUE.values(due_at=None, read_at=None), key)
    return False


def make_due(conn: Connection, lane: LaneKey, team_id: str, now: datetime) -> None:
    """Have the team's roster read soon, if it is not to be read earlier already."""
    sooner = or_(teams.c.due_at.is_(None), teams.c.due_at > bindparam("at", type_=UtcTime))
    if conn.execute(_SET_DUE.where(sooner).values(due_at=now), _key(lane, team_id) | {"at": now}).rowcount:
        ring(conn)


def put_off(conn: Connection, team: Team, until: datetime) -> None:
    """The roster could not be read, and is tried again then."""
    conn.execute(_SET_DUE.values(due_at=until), _key(team.lane, team.team_id))


def was_read(conn: Connection, team: Team, began_at: datetime, again_at: datetime) -> None:
    """The roster was read from ``began_at`` on; what made it due since then is not forgotten."""
    still_due = case(
        (teams.c.due_at > bindparam("began", type_=UtcTime), teams.c.due_at), else_=literal(again_at, UtcTime)
    )
    values = {"read_at": began_at, "due_at": still_due}
    conn.execute(_SET_DUE.values(values), _key(team.lane, team.team_id) | {"began": began_at})


def due(conn: Connection, lanes: Collection[LaneKey], now: datetime, most: int = 100) -> list[Team]:
    """Teams of these lanes whose rosters are to be read now, the one that is due for longest first."""
    mine = or_(*(and_(teams.c.tenant_id == lane.tenant_id, teams.c.sender == lane.sender) for lane in lanes))
    rows = conn.execute(select(teams).where(mine, teams.c.due_at <= now).order_by(teams.c.due_at).limit(most))
    return [_team_of(row) for row in rows] if lanes else []


def lanes(conn: Connection) -> dict[LaneKey, datetime]:
    """The lanes that have rosters to read, and when the first one of each is due."""
    return {LaneKey(sender, tenant_id): due_at for sender, tenant_id, due_at in conn.execute(_LANES)}


def get(conn: Connection, lane: LaneKey, team_id: str) -> Team | None:
    """One team, if the app is or was in it."""
    row = conn.execute(select(teams).where(*_SAME), _key(lane, team_id)).one_or_none()
    return None if row is None else _team_of(row)


def _team_of(row: Row[Any]) -> Team:
    there = row.installed_at is not None and (row.removed_at is None or row.removed_at <= row.installed_at)
    return Team(
        lane=LaneKey(row.sender, row.tenant_id),
        team_id=row.team_id,
        service_url=row.service_url,
        name=row.name,
        installed=there,
        read_at=row.read_at,
        due_at=row.due_at,
    )


def _key(lane: LaneKey, team_id: str) -> dict[str, Any]:
    return {"tenant": lane.tenant_id, "of_sender": lane.sender, "team": team_id}


def _latest(new: Excluded, name: str) -> ColumnElement[Any]:
    old = teams.c[name]
    return case((or_(old.is_(None), new[name] > old), new[name]), else_=old)


def _changes(new: Excluded) -> dict[str, Any]:
    return {
        "service_url": new["service_url"],
        "name": func.coalesce(new["name"], teams.c.name),
        "installed_at": _latest(new, "installed_at"),
        "removed_at": _latest(new, "removed_at"),
    }


_SAME: Final = (
    teams.c.tenant_id == bindparam("tenant"),
    teams.c.sender == bindparam("of_sender"),
    teams.c.team_id == bindparam("team"),
)
_LANES: Final = (
    select(teams.c.sender, teams.c.tenant_id, func.min(teams.c.due_at, type_=UtcTime))
    .where(teams.c.due_at.is_not(None))
    .group_by(teams.c.sender, teams.c.tenant_id)
)
_THERE: Final = and_(
    teams.c.installed_at.is_not(None), or_(teams.c.removed_at.is_(None), teams.c.removed_at <= teams.c.installed_at)
)
_HEARD: Final = Upsert(teams, ["tenant_id", "sender", "team_id"], _changes)
_IS_INSTALLED: Final = select(_THERE).where(*_SAME)
_SET_DUE: Final = update(teams).where(*_SAME)
_DROP: Final = delete(roster).where(
    roster.c.tenant_id == bindparam("tenant"),
    roster.c.sender == bindparam("of_sender"),
    roster.c.team_id == bindparam("team"),
)
