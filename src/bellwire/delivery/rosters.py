"""Reads the rosters that are due, one page after the other, at Teams' pace (platform reference §6)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

import structlog
from sqlalchemy import Connection

from bellwire.delivery.lane import Lane
from bellwire.delivery.recorder import STORE_PAUSE
from bellwire.delivery.station import Station
from bellwire.errors import StoreUnavailable
from bellwire.model.member import RosterPage, RosterRefused
from bellwire.model.pacing import CONVERSATION_WINDOWS, ConversationPace
from bellwire.net import FENCE
from bellwire.store import lanes, membership, roster, teams
from bellwire.store.teams import Team

log = structlog.get_logger(__name__)

MOST_PAGES: Final = 1_000
REFRESH: Final = timedelta(hours=12)
TRY_AGAIN: Final = timedelta(minutes=5)
LONGEST_WAIT: Final = 10.0
_STEP: Final = 0.05


class RosterSource(Protocol):
    """Tells who is in a team."""

    async def page(
        self, team_id: str, service_url: str, following: str | None, listed_at: datetime
    ) -> RosterPage | RosterRefused:
        """Some members, as they are at ``listed_at``; one request at most."""


class Rosters:
    """One roster at a time, of the lanes that this worker owns.

    Each page takes its turn in the lane, so that pages and messages together keep within the tenant's limit. A team's
    pages keep to the windows for posting, which are half of those for reading members: so a worker that takes over
    from another, of whose pages nothing is stored, cannot exceed them either.
    """

    def __init__(self, station: Station, sources: Mapping[str, RosterSource]) -> None:
        self._station = station
        self._sources = sources
        self._paces: dict[str, ConversationPace] = {}

    async def run(self) -> None:
        """Read for ever what is due."""
        FENCE.set(lambda: self._station.lease.holds())
        while True:
            await self._station.rosters_due.wait()
            self._station.rosters_due.clear()
            try:
                await self.round()
            except StoreUnavailable as error:
                log.warning("rosters_wait", code=error.code)
                await asyncio.sleep(STORE_PAUSE)

    async def round(self) -> None:
        """Read every roster that is due now."""
        station = self._station
        mine = [lane.key for lane in station.lanes if lane.key.sender in self._sources and not lane.leaving]
        for team in await station.database.read(partial(teams.due, lanes=mine, now=station.clock())):
            lane = station.lanes.get(team.lane)
            if lane is not None:
                await self._read(team, lane)
                station.signals.roster(team.team_id)
        self._forget()

    async def _read(self, team: Team, lane: Lane) -> None:
        station, began_at = self._station, self._station.clock()
        following, seen = None, set[str]()
        for _ in range(MOST_PAGES):
            page = await self._page(team, lane, following, began_at)
            if page is None:
                return
            await station.database.write(partial(_keep, team=team, page=page, now=station.clock()))
            following = page.following
            if following is None or following in seen:
                break
            seen.add(following)
        await station.database.write(partial(_finish, team=team, began_at=began_at))

    async def _page(self, team: Team, lane: Lane, following: str | None, began_at: datetime) -> RosterPage | None:
        pace = self._paces.setdefault(team.team_id, ConversationPace(CONVERSATION_WINDOWS))
        if not await self._turn(lane, pace):
            await self._put_off(team, self._station.after(LONGEST_WAIT))
            return None
        started = self._station.ticks()
        lane.pace.start(started)
        pace.start()
        try:
            source = self._sources[team.lane.sender]
            page = await source.page(team.team_id, team.service_url, following, began_at)
        finally:
            now = self._station.ticks()
            lane.pace.settle(started, now)
            pace.settle(now)
            lane.bound_until = now + CONVERSATION_WINDOWS[0].seconds  # no row tells the next owner of a page
            self._station.lanes.touch(lane)
            self._station.startable.set()
        if isinstance(page, RosterRefused):
            await self._refused(team, lane, page, began_at)
            return None
        return page

    async def _turn(self, lane: Lane, pace: ConversationPace) -> bool:
        """Wait until a page may be asked for; false if that takes too long, or the sender is halted."""
        station = self._station
        until = station.ticks() + LONGEST_WAIT
        while True:
            now = station.ticks()
            opens = max(lane.paused_until, lane.pace.opens_at(now), pace.opens_at())
            if station.lanes.gate(lane.key.sender) is not None or now >= until or not self._mine(lane):
                return False
            if opens <= now:
                return True
            await asyncio.sleep(min(opens - now, _STEP if lane.paused_until <= now else LONGEST_WAIT))

    def _mine(self, lane: Lane) -> bool:
        return self._station.lanes.get(lane.key) is lane and not lane.leaving

    async def _refused(self, team: Team, lane: Lane, refused: RosterRefused, began_at: datetime) -> None:
        station = self._station
        log.info("roster_refused", sender=team.lane.sender, status=refused.status, code=refused.code, gone=refused.gone)
        if refused.gone:
            await station.database.write(partial(_drop, team=team, at=began_at))
            return
        later = TRY_AGAIN if refused.after is None else timedelta(seconds=refused.after)
        until = station.clock() + later
        if refused.throttled:
            lane.paused_until = max(lane.paused_until, station.ticks_at(until))
            await station.database.write(partial(lanes.pause, key=team.lane, until=until))
        await self._put_off(team, until)

    async def _put_off(self, team: Team, until: datetime) -> None:
        await self._station.database.write(partial(teams.put_off, team=team, until=until))

    def _forget(self) -> None:
        now = self._station.ticks()
        for team_id in [each for each, pace in self._paces.items() if pace.forgettable_at() <= now]:
            del self._paces[team_id]


def _keep(conn: Connection, team: Team, page: RosterPage, now: datetime) -> None:
    """Keep one page, unless the app has left the team meanwhile."""
    known = teams.get(conn, team.lane, team.team_id)
    if known is not None and known.installed:
        membership.keep(conn, team.lane, team.team_id, page.members, now)


def _finish(conn: Connection, team: Team, began_at: datetime) -> None:
    known = teams.get(conn, team.lane, team.team_id)
    if known is not None and known.installed:
        roster.sweep(conn, team.lane, team.team_id, began_at)
        teams.was_read(conn, team, began_at, began_at + REFRESH)


def _drop(conn: Connection, team: Team, at: datetime) -> None:
    """Teams says that the app is not in the team: as if it had told of the removal."""
    teams.heard(conn, team.lane, team.team_id, service_url=team.service_url, name=team.name, removed_at=at)
