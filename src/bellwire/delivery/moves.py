"""Lanes on their way from one living worker to another."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from functools import partial
from typing import Final

import structlog

from bellwire.delivery.lane import Lane
from bellwire.delivery.recorder import Recorder
from bellwire.delivery.share import excess
from bellwire.delivery.station import Station
from bellwire.store import lanes
from bellwire.store.lanes import LaneKey

log = structlog.get_logger(__name__)

STEADY: Final = 3.0
"""Seconds for which a lane must have had work to count: a few messages now and then are no load to be shared."""

PATIENCE: Final = 5.0
"""Seconds in which what is under way must be answered, or else the lane stays for now."""

LEFT_FOR: Final = 1.0
"""Seconds for which a free lane beyond the fair share is left for somebody who has room."""

UNWANTED_FOR: Final = 60.0
"""Seconds for which a lane that nobody else took is not handed over again."""

LOOK_EVERY: Final = 0.05


class Moves:
    """What this worker hands over, and what it leaves for others to take.

    A lane that leaves starts nothing more, gives back what it has at hand, and waits for what is under way. When all
    of that is written down, it is let go in the database, and a bell rings: the next owner finds its whole history in
    the attempts. Only its owner lets a living worker's lane go.

    Not every worker that counts takes what it could have: one that stops does not, nor does one without the sender. A
    lane that was left for others, and that nobody took, stays where it is for a while, or until a worker is new.
    """

    def __init__(self, station: Station, recorder: Recorder) -> None:
        self._station = station
        self._recorder = recorder
        self._busy_since: dict[LaneKey, float] = {}
        self._free_since: dict[LaneKey, float] = {}
        self._left_at: dict[LaneKey, float] = {}
        self._leaving_since: dict[LaneKey, float] = {}
        self._unwanted_at: dict[LaneKey, float] = {}
        self._workers = station.workers
        self._timer: asyncio.TimerHandle | None = None

    def waited(self) -> frozenset[LaneKey]:
        """The free lanes that nobody has taken for a while."""
        now = self._station.ticks()
        return frozenset(key for key, since in self._free_since.items() if now - since >= LEFT_FOR)

    def left(self) -> frozenset[LaneKey]:
        """The lanes handed over a moment ago, which are for others."""
        now = self._station.ticks()
        self._left_at = {key: at for key, at in self._left_at.items() if now - at < 2 * LEFT_FOR}
        return frozenset(self._left_at)

    def quiet(self) -> frozenset[LaneKey]:
        """The leaving lanes in which nothing is under way any more."""
        now = self._station.ticks()
        return frozenset(lane.key for lane in self._leaving() if lane.quiet(now))

    def looked(self, busy: Collection[LaneKey], free: Collection[LaneKey]) -> None:
        """After a look around: the lanes with work, and those of them that nobody owns."""
        station, now = self._station, self._station.ticks()
        if station.workers > self._workers:
            self._unwanted_at.clear()
        self._workers = station.workers
        self._free_since = {key: self._free_since.get(key, now) for key in free}
        self._busy_since = {key: self._busy_since.get(key, now) for key in busy} if station.workers > 1 else {}
        if station.workers > 1 and not station.stopping:
            self._share(now)
        self._look_again(now)

    def released(self, keys: Collection[LaneKey]) -> None:
        """These are not this worker's any more."""
        for key in keys:
            self._station.lanes.close(key)
            self._leaving_since.pop(key, None)
            self._left_at[key] = self._station.ticks()
            self._station.signals.released(key)

    def lost(self, keys: Collection[LaneKey]) -> None:
        """These are not this worker's any more, though it was never told that it let them go."""
        for key in keys:
            lane = self._station.lanes.get(key)
            for work in () if lane is None else lane.empty():
                self._recorder.give_back(work, work.run_at)
            log.warning("lane_lost", sender=key.sender, tenant=key.tenant_id)
        self.released(keys)

    def unwanted(self, keys: Iterable[LaneKey]) -> None:
        """These were taken beyond the fair share, because nobody else did."""
        now = self._station.ticks()
        self._unwanted_at.update(dict.fromkeys(keys, now))

    async def let_go(self) -> None:
        """Let go of every lane in which nothing is under way, because this worker stops.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        station = self._station
        idle = [lane.key for lane in station.lanes if lane.quiet(station.ticks())]
        if idle:
            self.released(await station.database.write(partial(lanes.release, worker=station.worker, keys=idle)))

    def forget(self) -> None:
        """The lanes are not this worker's any more."""
        self._leaving_since.clear()
        self._free_since.clear()
        self._unwanted_at.clear()

    def _share(self, now: float) -> None:
        laden = {key for key, since in self._busy_since.items() if now - since >= STEADY}
        mine = [lane for lane in self._station.lanes if lane.key in laden and not lane.leaving]
        unwanted = {key for key, at in self._unwanted_at.items() if now - at < UNWANTED_FOR}
        wanted = [lane for lane in mine if lane.key not in unwanted]
        surplus = excess(len(mine), lanes=len(laden), workers=self._station.workers) - (len(mine) - len(wanted))
        for lane in sorted(wanted, key=lambda lane: lane.pace.under_way)[: max(surplus, 0)]:
            self._leave(lane, now)

    def _leave(self, lane: Lane, now: float) -> None:
        log.info("lane_leaves", sender=lane.key.sender, tenant=lane.key.tenant_id)
        lane.leaving = True
        self._leaving_since[lane.key] = now
        for work in lane.empty():
            self._recorder.give_back(work, work.run_at)

    def _leaving(self) -> list[Lane]:
        found = [self._station.lanes.get(key) for key in self._leaving_since]
        return [lane for lane in found if lane is not None]

    def _look_again(self, now: float) -> None:
        for lane in self._leaving():
            if now - self._leaving_since[lane.key] > PATIENCE:
                del self._leaving_since[lane.key]
                lane.leaving = False
                self._station.lanes.touch(lane)
                self._station.startable.set()
                self._station.hungry.set()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._leaving_since or self._free_since:
            wait = LOOK_EVERY if self._leaving_since else LEFT_FOR
            self._timer = asyncio.get_running_loop().call_later(wait, self._station.look_around)
