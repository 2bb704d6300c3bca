"""Keeps every lane supplied: claims what is due, as soon as it is due and its lane has room for it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from math import inf
from typing import Final

import structlog
from sqlalchemy import Connection

from bellwire.delivery.halts import Halts
from bellwire.delivery.intake import Messages, amending, take_in
from bellwire.delivery.lane import Lane
from bellwire.delivery.moves import Moves
from bellwire.delivery.recorder import STORE_PAUSE, Recorder
from bellwire.delivery.share import to_take
from bellwire.delivery.station import Station
from bellwire.delivery.succession import Past, past_of, take_over
from bellwire.delivery.work import Work
from bellwire.errors import StoreUnavailable
from bellwire.model.delivery import Priority
from bellwire.store import lanes, repair_queue, supply, teams, workers
from bellwire.store.lanes import Halted, LaneKey
from bellwire.store.queue import Want
from bellwire.store.recall import Claims
from bellwire.store.supply import Amendments, Supply

log = structlog.get_logger(__name__)

SHORT_PAUSE: Final = 0.2
MOST_AT_ONCE: Final = 32
"""Lanes taken over in one visit to the database: each one's history of an hour has to be read."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a look around has to know: the lanes owned so far, those of them that are shut, or full of urgent work, and
    how much to bring.

    ``left`` are lanes for others, ``waited`` those that nobody took so far, ``quiet`` those to be let go.
    """

    mine: frozenset[LaneKey]
    shut: frozenset[LaneKey]
    full: frozenset[LaneKey]
    most: int
    left: frozenset[LaneKey]
    waited: frozenset[LaneKey]
    quiet: frozenset[LaneKey]


@dataclass(slots=True)
class Round:
    """What one visit to the database brought."""

    supply: Supply
    owned: dict[LaneKey, datetime | None] = field(default_factory=dict)
    pasts: dict[LaneKey, Past] = field(default_factory=dict)
    halted: Sequence[Halted] = ()
    rosters_due: bool = False
    repairs: Mapping[LaneKey, datetime] = field(default_factory=dict)
    amendments: Amendments | None = None
    busy: Set[LaneKey] = frozenset()
    free: Set[LaneKey] = frozenset()
    released: Collection[LaneKey] = ()
    lost: Set[LaneKey] = frozenset()
    unwanted: Set[LaneKey] = frozenset()
    look_again: bool = False


class Feeder:
    """One loop visits the database when a bell rang, when something falls due, and when a lane runs low.

    A lane that gave less than it was asked for is not asked again before one of these happens. A lane once owned stays
    owned until this worker hands it over; all are lost together when it is declared dead.
    """

    def __init__(self, station: Station, recorder: Recorder, halts: Halts, moves: Moves) -> None:
        self._station = station
        self._recorder = recorder
        self._halts = halts
        self._moves = moves
        self._messages = Messages()
        self._hungry: dict[LaneKey, set[Priority]] = {}
        self._full: frozenset[LaneKey] = frozenset()
        self._rings = 0
        self._started = False
        self._at_home = asyncio.Event()
        self._at_home.set()

    def rung(self) -> None:
        """Anything may be in the queue now."""
        self._rings += 1
        self._station.look_around()
        for hungry in self._hungry.values():
            hungry.update(Priority)

    async def run(self) -> None:
        """Feed for ever."""
        station = self._station
        station.hungry.set()
        while True:
            await station.hungry.wait()
            station.hungry.clear()
            for key in station.agenda.take_due() & self._hungry.keys():
                self._hungry[key].update(Priority)
            if not all(map(self._is_full, self._full)):
                station.unseen = True
            wants = self._wants()
            if (wants or station.unseen) and not station.stopping:
                self._at_home.clear()
                try:
                    await self._visit(wants)
                finally:
                    self._at_home.set()

    async def idle(self) -> None:
        """Return when no visit to the database is under way."""
        await self._at_home.wait()

    def forget(self) -> None:
        """The lanes are not this worker's any more."""
        self._station.agenda.clear()
        self._hungry.clear()
        self._full = frozenset()
        self._moves.forget()

    def _wants(self) -> list[Want]:
        wants = list[Want]()
        for key, hungry in self._hungry.items():
            if hungry:
                wants += self._wants_of(key, hungry)
        return wants

    def _wants_of(self, key: LaneKey, hungry: Collection[Priority]) -> list[Want]:
        station, now = self._station, self._station.ticks()
        lane, gate = station.lanes.get(key), station.lanes.gate(key.sender)
        if lane is None:
            return []
        if self._opens_at(key) > now:
            station.agenda.put(key, self._opens_at(key))
            return []
        most = station.tuning.at_hand_of(key.sender) if gate is None else 1
        return [
            Want(key.tenant_id, key.sender, priority, most - lane.at_hand(priority))
            for priority in hungry
            if _runs_low(lane, priority, most)
        ]

    async def _visit(self, wants: list[Want]) -> None:
        station, rings = self._station, self._rings
        survey, halts = self._plan() if station.unseen else None, self._halts.version
        station.unseen = False
        worker, claims = station.worker, Claims()
        try:
            found = await station.database.write(partial(self._op, worker, wants, survey, claims))
        except StoreUnavailable as error:
            log.warning("claims_wait", code=error.code)
            station.unseen = station.unseen or survey is not None
            self._at_home.set()
            await asyncio.sleep(STORE_PAUSE)
            await self._recorder.recall(worker, claims)
            station.hungry.set()
            return
        if survey is not None:
            self._surveyed(found, halts)
        self._sated(found.supply, unheard=self._rings == rings)
        self._serve(found.supply)

    def _plan(self) -> Survey:
        mine = frozenset(lane.key for lane in self._station.lanes)
        shut = frozenset(key for key in mine if self._opens_at(key) > self._station.ticks())
        moves, most = self._moves, self._station.tuning.at_hand
        self._full = frozenset(filter(self._is_full, mine))
        return Survey(mine, shut, self._full, most, moves.left(), moves.waited(), moves.quiet())

    def _op(self, worker: str, wants: list[Want], survey: Survey | None, claims: Claims, conn: Connection) -> Round:
        """Runs in the store's thread: it reads nothing that changes meanwhile."""
        station, now = self._station, self._station.clock()
        known, flows = self._messages.known(), station.tuning.flows
        found = Round(supply.fetch(conn, worker, wants, now, known_messages=known, flows=flows))
        claims.deliveries.update(each.id for _, claimed in found.supply.claimed for each in claimed)
        if survey is not None:
            rosters, found.repairs = teams.lanes(conn), repair_queue.due(conn)
            found.rosters_due = any(due <= now for due in rosters.values())
            if survey.quiet:
                found.released = lanes.release(conn, worker, survey.quiet)
            found.lost = survey.mine - lanes.owned(conn, worker) - set(found.released)
            found.busy = {key for key in {*lanes.busy(conn), *found.repairs} if key.sender in station.senders}
            served = {*found.busy, *(key for key in rosters if key.sender in station.senders)}
            if not served <= survey.mine:
                self._take(conn, worker, served, survey, found)
            found.pasts = {key: past_of(conn, key, now, station.tuning.pace(key.sender)) for key in found.owned}
            found.halted = lanes.halted(conn)
            found.amendments = supply.amend(conn, worker, now, most=survey.most, shut=survey.shut | survey.full)
            claims.amendments.update(each.id for each in found.amendments.claimed)
        return found

    def _take(self, conn: Connection, worker: str, served: set[LaneKey], survey: Survey, found: Round) -> None:
        others = served - survey.mine
        owners = lanes.owners(conn, others)
        found.free = {key for key in others if owners.get(key, worker) == worker}
        mine, living = len(served) - len(others), workers.count(conn)
        wanted = to_take(found.free, survey.left, worker, mine=mine, lanes=len(served), workers=living)
        unwanted = found.free & survey.waited - set(wanted)
        wanted += unwanted
        if wanted:
            found.owned = lanes.own(conn, worker, wanted[:MOST_AT_ONCE])
            found.unwanted = unwanted & found.owned.keys()
            found.look_again = len(found.owned) < len(wanted)

    def _is_full(self, key: LaneKey) -> bool:
        """Whether no amendment is wanted, which would be urgent work, because no urgent delivery is either.

        Were they brought sooner than those, whoever takes thousands of messages back would keep urgent ones out.
        """
        lane = self._station.lanes.get(key)
        most = self._station.tuning.at_hand_of(key.sender)
        return lane is not None and not _runs_low(lane, Priority.URGENT, most)

    def _opens_at(self, key: LaneKey) -> float:
        """When the lane may start something: not before a pause ends, or a halted sender may be tried."""
        lane, gate = self._station.lanes.get(key), self._station.lanes.gate(key.sender)
        if lane is None or lane.leaving:
            return inf
        return lane.paused_until - SHORT_PAUSE if gate is None else max(lane.paused_until, gate.opens_at())

    def _surveyed(self, found: Round, halts: int) -> None:
        station = self._station
        self._moves.lost(found.lost)
        self._moves.released(found.released)
        for key in (*found.lost, *found.released):
            self._hungry.pop(key, None)
        self._halts.sync(found.halted, halts, afresh=not self._started)
        self._started = True
        for key, past in found.pasts.items():
            station.lanes.open(self._lane(key, past, found.owned[key]))
            station.signals.taken(key)
            self._hungry[key] = set(Priority)
            station.hungry.set()
        self._moves.unwanted(found.unwanted)
        self._moves.looked(found.busy, found.free - found.owned.keys())
        if found.look_again:
            station.look_around()
        if found.rosters_due:
            station.rosters_due.set()
        self._repair(found.repairs)
        if found.amendments is not None:
            self._amend(found.amendments)

    def _repair(self, found: Mapping[LaneKey, datetime]) -> None:
        station, now = self._station, self._station.clock()
        for key, due in found.items():
            if station.lanes.get(key) is None:
                continue
            if due <= now:
                station.repairs_due.set()
            else:
                station.due(key, due)

    def _lane(self, key: LaneKey, past: Past, paused_until: datetime | None) -> Lane:
        station = self._station
        limit, seconds = station.tuning.pace(key.sender)
        lane = Lane(
            key,
            limit,
            lambda work, later: self._recorder.give_back(work, station.after(later)),
            station.tuning.windows,
            seconds=seconds,
            installs_per_second=station.tuning.installs_per_second,
        )
        take_over(lane, past, station)
        if paused_until is not None:
            lane.paused_until = station.ticks_at(paused_until)
        return lane

    def _sated(self, found: Supply, *, unheard: bool) -> None:
        """Lanes that gave less than was wanted have nothing more, unless a bell rang meanwhile."""
        for want, claimed in found.claimed:
            hungry = self._hungry.get(want.lane)
            if hungry is not None and unheard and len(claimed) < want.most:
                hungry.discard(want.priority)
        for key, due in found.due.items():
            self._station.due(key, due)

    def _serve(self, found: Supply) -> None:
        self._messages.keep(found.messages, {each.message_id for _, claimed in found.claimed for each in claimed})
        for work, decision in take_in(self._station, found, self._messages):
            if decision is not None:
                self._recorder.ends(work, decision)
            else:
                self._hand_over(work)
        for want, _ in found.claimed:
            self._touch(want.lane)

    def _amend(self, found: Amendments) -> None:
        for work in amending(found):
            self._hand_over(work)
            self._touch(work.lane)
        if found.claimed:
            self._station.look_around()
        for key, due in found.due.items():
            if due > self._station.clock():
                self._station.due(key, due)

    def _hand_over(self, work: Work) -> None:
        lane = self._station.lanes.get(work.lane)
        self._station.signals.claimed(work.key)
        if lane is None or self._station.stopping or work.holder != self._station.worker:
            self._recorder.give_back(work, work.run_at)
        else:
            lane.add(work)

    def _touch(self, key: LaneKey) -> None:
        """Have the lane looked at, or emptied again if it was shut while the database was asked."""
        station = self._station
        lane = station.lanes.get(key)
        if lane is None:
            return
        if self._opens_at(key) > station.ticks() + SHORT_PAUSE:
            for work in lane.empty():
                self._recorder.give_back(work, work.run_at)
        station.lanes.touch(lane)
        station.startable.set()
        if lane.at_hand(Priority.URGENT):
            station.urgent.set()


def _runs_low(lane: Lane, priority: Priority, most: int) -> bool:
    """Whether it is time to bring a lane more of this priority, of which it has ``most`` at hand."""
    return lane.at_hand(priority) <= most // 2
