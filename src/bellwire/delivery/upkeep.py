"""Periodic housekeeping: signs of life, the rescue of what dead workers held, what expired, what nobody woke."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from bellwire.delivery.process import gone
from bellwire.delivery.station import Station
from bellwire.errors import StoreUnavailable
from bellwire.model.delivery import OnUnknown, State
from bellwire.model.outcome import Step
from bellwire.model.reason import Reason
from bellwire.store import agent_chats, amendment_queue, expiry, idempotency, journal, names, queue, workers
from bellwire.store.journal import Result
from bellwire.store.lanes import LaneKey
from bellwire.store.wakeup import ring
from bellwire.store.workers import Held, Peer

log = structlog.get_logger(__name__)

SWEEP_EVERY: Final = 60


class Upkeep:
    """One round for each heartbeat. ``declared_dead`` is called when this worker's own row was closed by another."""

    def __init__(self, station: Station, declared_dead: Callable[[], Awaitable[None]]) -> None:
        self._station = station
        self._declared_dead = declared_dead
        self._rounds = 0

    async def run(self) -> None:
        """Keep house for ever."""
        while True:
            await asyncio.sleep(self._station.tuning.heartbeat)
            try:
                await self.round()
            except StoreUnavailable as error:
                log.warning("upkeep_waits", code=error.code)

    async def round(self) -> None:
        """One round."""
        station = self._station
        if not await station.database.write(partial(workers.beat, worker=station.worker, now=station.clock())):
            await self._declared_dead()
        await self.rescue()
        while await station.database.write(partial(expiry.expire, now=station.clock())) == expiry.AT_ONCE:
            pass
        if self._rounds % SWEEP_EVERY == 0:
            await self._sweep()
        self._rounds += 1
        station.signals.upkeep(self._rounds)

    async def rescue(self) -> None:
        """Rescue what dead workers held."""
        station, now = self._station, self._station.clock()
        lapse = timedelta(seconds=station.tuning.heartbeat * station.tuning.missed_beats)
        peers = await station.database.read(workers.peers)
        dead = {peer.id for peer in peers if peer.id != station.worker and is_dead(peer, now, lapse, gone)}
        dead.update(await station.database.read(workers.orphans))
        for worker in sorted(dead - {station.worker}):
            rescued = await station.database.write(partial(rescue, worker=worker, now=now))
            log.warning("worker_rescued", worker=worker, deliveries=rescued)

    async def _sweep(self) -> None:
        """The net under the wake-ups, and what is kept for a time only."""
        station = self._station
        await station.database.write(partial(idempotency.prune, now=station.clock()))
        await station.database.write(partial(names.prune, now=station.clock()))
        for person in (
            *await station.database.read(queue.overlooked),
            *await station.database.read(partial(agent_chats.overlooked, now=station.clock())),
        ):
            await station.database.write(partial(queue.wake, person=person, now=station.clock()))


def is_dead(peer: Peer, now: datetime, lapse: timedelta, gone: Callable[[str], bool]) -> bool:
    """Whether a worker is dead: its process is gone, or its last sign of life is too old."""
    return now - peer.heartbeat_at > lapse or (peer.process is not None and gone(peer.process))


def rescue(conn: Connection, worker: str, now: datetime) -> int:
    """Close a dead worker's row, free its lanes and let go what it held; how many deliveries that were.

    What it had not begun to send is queued again. A post that it had begun may or may not have been written, so it
    follows its caller's policy; whatever else it had begun can be done again without harm.
    """
    workers.retire(conn, worker, now)
    found = workers.held(conn, worker)
    if found:
        journal.record(conn, worker, [rescued(each, now) for each in found])
    ring(conn)
    return len(found) + amendment_queue.rescue(conn, worker, now)


def rescued(held: Held, now: datetime) -> Result:
    """Where a delivery goes whose worker died."""
    begun = held.open_step is not None
    post = held.open_step is Step.POST
    unknown = post and held.on_unknown is OnUnknown.HOLD
    return Result(
        delivery_id=held.delivery_id,
        lane=LaneKey(held.sender, held.tenant_id),
        number=held.attempts if held.open_number is None else held.open_number,
        state=State.UNKNOWN if unknown else State.QUEUED,
        finished_at=now,
        outcome=None if not begun else "unknown" if post else "retry",
        code=Reason.WORKER_LOST if begun else None,
        retry_at=now if begun and not unknown else None,
        run_at=now if begun and not unknown else None,
        reason=Reason.WORKER_LOST if unknown else None,
    )
