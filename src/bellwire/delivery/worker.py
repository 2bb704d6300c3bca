"""The worker: claims what is due, sends it at Teams' pace, and writes down what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from math import inf
from random import Random

import structlog

from bellwire.delivery.feeder import Feeder
from bellwire.delivery.halts import Halts
from bellwire.delivery.lanes import Lanes
from bellwire.delivery.lease import Lease
from bellwire.delivery.moves import Moves
from bellwire.delivery.process import identity
from bellwire.delivery.pulse import Pulse
from bellwire.delivery.recorder import Recorder
from bellwire.delivery.repairs import Repairs
from bellwire.delivery.rosters import Rosters, RosterSource
from bellwire.delivery.sender import Sender
from bellwire.delivery.signals import Signals
from bellwire.delivery.starter import Starter
from bellwire.delivery.station import Station
from bellwire.delivery.tally import Standing, Tally
from bellwire.delivery.tuning import Tuning
from bellwire.delivery.upkeep import Upkeep
from bellwire.errors import StoreUnavailable
from bellwire.model.ids import RANDOM_BITS, uuid7
from bellwire.store import workers
from bellwire.store.clock import Ticks, ticks_of_the_machine
from bellwire.store.database import Database

log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


class Worker:
    """Works in the background from ``start`` to ``stop``. If one of its tasks dies, all of it stops, loudly.

    ``ticks`` tells the seconds of its lease: by default the machine's, with those in which it slept, if it tells them.
    """

    def __init__(
        self,
        database: Database,
        senders: Mapping[str, Sender],
        *,
        clock: Callable[[], datetime] = utc_now,
        ticks: Ticks | None = None,
        random: Random | None = None,
        tuning: Tuning | None = None,
        signals: Signals | None = None,
        rosters: Mapping[str, RosterSource] | None = None,
    ) -> None:
        tuning = tuning or Tuning()
        self._random = random or Random()  # noqa: S311 - for waits and ids, not for secrets
        self._station = Station(
            database=database,
            senders=senders,
            clock=clock,
            random=self._random,
            tuning=tuning,
            signals=signals or Signals(),
            lease=Lease("", tuning.lease, ticks or ticks_of_the_machine()),
            lanes=Lanes(tuning.seats, tuning.urgent_seats),
        )
        self._halts = Halts(self._station)
        self._recorder = Recorder(self._station, self._halts)
        self._starter = Starter(self._station, self._recorder)
        self._moves = Moves(self._station, self._recorder)
        self._feeder = Feeder(self._station, self._recorder, self._halts, self._moves)
        self._repairs = Repairs(self._station, self._recorder)
        self._rosters = Rosters(self._station, rosters or {})
        self._pulse = Pulse(self._station, self._begin_anew)
        self._upkeep = Upkeep(self._station)
        self._bell = database.bell()
        self._tasks: list[asyncio.Task[None]] = []
        self._ending: asyncio.Task[None] | None = None
        self._over = asyncio.Event()
        self.failure: BaseException | None = None

    @property
    def id(self) -> str:
        """The id under which this worker holds deliveries; empty before its start."""
        return self._station.worker

    @property
    def alive(self) -> bool:
        """Whether it is at work."""
        return bool(self._tasks) and self.failure is None and not self._station.stopping

    @property
    def signals(self) -> Signals:
        """What this worker lets others overhear."""
        return self._station.signals

    @property
    def tally(self) -> Tally:
        """What this worker has counted."""
        return self._station.tally

    @property
    def lane_changes(self) -> tuple[int, int]:
        """How many lanes it took since its start, and how many it lost."""
        return self._station.lanes.opened, self._station.lanes.closed

    def standings(self) -> list[Standing]:
        """The lanes that it owns, with the share of their pace that is used."""
        now = self._station.ticks()
        return [Standing(*lane.key, lane.pace.used(now)) for lane in self._station.lanes]

    async def start(self) -> None:
        """Rescue what earlier workers left behind, and begin.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        self._station.enter()
        await self._register()
        await self._upkeep.rescue()
        loops = {
            "bell": self._listen,
            "feeder": self._feeder.run,
            "starter": self._starter.run,
            "recorder": self._recorder.run,
            "pulse": self._pulse.run,
            "upkeep": self._upkeep.run,
            "rosters": self._rosters.run,
            "repairs": self._repairs.run,
        }
        self._tasks = [asyncio.create_task(loop(), name=f"bellwire-{name}") for name, loop in loops.items()]
        for task in self._tasks:
            task.add_done_callback(self._task_ended)

    async def stop(self) -> None:
        """Begin nothing more, finish what is in flight, give the rest back, and end."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(), name="bellwire-end")
        await asyncio.shield(self._ending)

    async def ended(self) -> None:
        """Return when the worker has been stopped.

        Raises:
            Exception: what one of its tasks died of.
        """
        await self._over.wait()
        if self.failure is not None:
            raise self.failure

    def wake(self) -> None:
        """Look at the queue, and at the lanes, now."""
        self._feeder.rung()
        self._station.startable.set()

    async def _register(self, *, steady_since: float = -inf) -> None:
        station, now, ticks = self._station, self._station.clock(), self._station.lease.ticks
        sent = ticks()
        worker = uuid7(now, self._random.getrandbits(RANDOM_BITS))
        await station.database.write(partial(workers.register, worker=worker, process=identity(), now=now))
        station.lease = Lease(worker, station.tuning.lease, ticks, renewed=sent, steady_since=steady_since)

    async def _listen(self) -> None:
        while True:
            await self._bell.wait(self._station.tuning.poll)
            self._feeder.rung()

    async def _begin_anew(self) -> None:
        """Others took this worker for dead, and took its lanes and deliveries over: go on as a new one."""
        station = self._station
        log.error("declared_dead", worker=station.worker)
        for lane in list(station.lanes):
            lane.empty()
            station.lanes.close(lane.key)
        self._feeder.forget()
        await self._register(steady_since=station.lease.ticks())
        self._feeder.rung()

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        if self._station.stopping or task.cancelled():
            return
        self.failure = task.exception() or RuntimeError(f"{task.get_name()} came to an end")
        log.critical("worker_failed", part=task.get_name(), error=type(self.failure).__name__, exc_info=self.failure)
        self._ending = asyncio.create_task(self._end(), name="bellwire-end")

    async def _end(self) -> None:
        station = self._station
        station.stopping = True
        finishing = asyncio.create_task(self._finish())
        living = {task for task in self._tasks if not task.done()}
        if any(task.get_name() == "bellwire-recorder" for task in living):
            await asyncio.wait(
                {finishing, *living}, timeout=station.tuning.patience, return_when=asyncio.FIRST_COMPLETED
            )
        for task in (finishing, *self._tasks):
            task.cancel()
        await asyncio.gather(finishing, *self._tasks, return_exceptions=True)
        self._feeder.forget()
        with suppress(StoreUnavailable):
            await station.database.write(partial(workers.retire, worker=station.worker, now=station.clock()))
        self._over.set()

    async def _finish(self) -> None:
        station = self._station
        await self._feeder.idle()
        await self._repairs.idle()
        for lane in station.lanes:
            for work in lane.empty():
                self._recorder.give_back(work, work.run_at)
        while station.lanes.under_way:
            await self._recorder.written()
            with suppress(StoreUnavailable):
                await self._moves.let_go()
            await self._starter.settled()
        await self._recorder.written()
