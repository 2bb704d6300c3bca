"""Keeps what activities say of teams: where the app is, and who joined or left."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bellwire.model.member import Member
from bellwire.store import membership, roster, teams
from bellwire.store.lanes import LaneKey
from bellwire.teams.team_news import TeamNews


def keep(conn: Connection, sender: str, news: TeamNews, now: datetime) -> None:
    """Keep it; any order and any repetition leaves the same once the roster has been read.

    Teams tells of members one by one and not always, so whatever it tells also makes the whole roster due.
    """
    lane = LaneKey(sender, news.tenant_id)
    installed = teams.heard(
        conn,
        lane,
        news.team_id,
        service_url=news.service_url,
        name=news.name,
        installed_at=news.at if news.present else None,
        removed_at=news.at if news.gone else None,
    )
    if not installed:
        return
    newcomers = [_member(news, who.aad_object_id, who.user_id) for who in news.joined]
    membership.keep(conn, lane, news.team_id, newcomers, now, joined=True)
    if news.left:
        roster.leave(conn, lane, news.team_id, news.left, news.at)
    known = teams.get(conn, lane, news.team_id)
    if news.joined or news.left or known is None or known.read_at is None:
        teams.make_due(conn, lane, news.team_id, now)


def _member(news: TeamNews, aad_object_id: str, user_id: str) -> Member:
    return Member(
        aad_object_id=aad_object_id,
        user_id=user_id,
        team_id=news.team_id,
        service_url=news.service_url,
        listed_at=news.at,
    )
