"""Periodic housekeeping: the rescue of what dead workers held, what expired, what nobody woke."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from bellwire.delivery.process import gone
from bellwire.delivery.pruner import Pruner
from bellwire.delivery.station import Station
from bellwire.errors import StoreUnavailable
from bellwire.model.delivery import OnUnknown, State
from bellwire.model.outcome import Step
from bellwire.model.reason import Reason
from bellwire.store import (
    agent_chats,
    amendment_queue,
    expiry,
    idempotency,
    journal,
    names,
    queue,
    repair_queue,
    sightings,
    workers,
)
from bellwire.store.bites import AT_ONCE
from bellwire.store.journal import Result
from bellwire.store.lanes import LaneKey
from bellwire.store.wakeup import ring
from bellwire.store.workers import Held, Orphan, Peer

log = structlog.get_logger(__name__)

SWEEP_EVERY: Final = 60


class Upkeep:
    """One round for each heartbeat."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._pruner = Pruner(station)
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
        await self.rescue()
        if station.workers > 1:
            station.look_around()
        while await station.database.write(partial(expiry.expire, now=station.clock())) == expiry.AT_ONCE:
            pass
        if self._rounds % SWEEP_EVERY == 0:
            await self._sweep()
        await self._pruner.round()
        self._rounds += 1
        station.signals.upkeep(self._rounds)

    async def rescue(self) -> None:
        """Take dead workers' lanes from them, and rescue what they held."""
        station = self._station
        now, peers = station.clock(), await station.database.read(workers.peers)
        dead = [peer.id for peer in peers if peer.id != station.worker and await self._buried(peer, now)]
        station.workers = max(len(peers) - len(dead), 1)
        for orphan in await station.database.read(workers.orphans):
            await self._rescue(orphan, now)

    async def _buried(self, peer: Peer, now: datetime) -> bool:
        """Whether a worker is dead; its lanes are free then.

        While our own signs of life come late, the silence of others says nothing about them.
        """
        station, lapse = self._station, self._station.tuning.lapse
        steady = station.lease.steady_for() >= lapse
        ended = peer.process is not None and gone(peer.process)
        if not ended and not (steady and is_silent(peer, now, timedelta(seconds=lapse))):
            return False
        silent_since = None if ended else peer.heartbeat_at
        retire = partial(workers.retire, worker=peer.id, now=now, silent_since=silent_since)
        dead = await station.database.write(retire)
        if dead:
            log.warning("worker_dead", worker=peer.id, ended=ended)
        return dead

    async def _rescue(self, orphan: Orphan, now: datetime) -> None:
        station = self._station
        ended = orphan.process is None or gone(orphan.process)
        answered_by = None if ended else now - timedelta(seconds=station.tuning.longest_request)
        rescued = await station.database.write(partial(rescue, worker=orphan.id, now=now, answered_by=answered_by))
        station.tally.rescued += rescued
        if rescued:
            log.warning("deliveries_rescued", worker=orphan.id, deliveries=rescued)

    async def _sweep(self) -> None:
        """The net under the wake-ups, and what is kept for a time only."""
        station = self._station
        for prune in (idempotency.prune, names.prune):
            while await station.database.write(partial(prune, now=station.clock())) == AT_ONCE:
                pass
        for overlooked in (
            queue.overlooked,
            partial(sightings.overlooked, now=station.clock()),
            partial(agent_chats.overlooked, now=station.clock()),
        ):
            if persons := await station.database.read(overlooked):
                await station.database.write(partial(queue.wake_all, persons=persons, now=station.clock()))


def is_silent(peer: Peer, now: datetime, lapse: timedelta) -> bool:
    """Whether a worker counts as dead because its last sign of life is too old."""
    return now - peer.heartbeat_at > lapse


def rescue(conn: Connection, worker: str, now: datetime, *, answered_by: datetime | None = None) -> int:
    """Close a dead worker's row, free its lanes and let go what it held; how many deliveries that were.

    What it had not begun to send is queued again. A post that it had begun may or may not have been written, so it
    follows its caller's policy; whatever else it had begun can be done again without harm. What it began after
    ``answered_by`` is left to it: it may live after all, and then it writes nothing more, but knows the answer.
    """
    workers.retire(conn, worker, now)
    found = [
        each
        for each in workers.held(conn, worker)
        if each.open_since is None or answered_by is None or each.open_since <= answered_by
    ]
    if found:
        journal.record(conn, worker, [rescued(each, now) for each in found])
    number = len(found) + amendment_queue.rescue(conn, worker, now) + repair_queue.rescue(conn, worker, now)
    if number:
        ring(conn)
    return number


def rescued(held: Held, now: datetime) -> Result:
    """Where a delivery goes whose worker died."""
    begun = held.open_step is not None
    post = held.open_step is Step.POST
    unknown = post and held.on_unknown is OnUnknown.HOLD
    return Result(
        delivery_id=held.delivery_id,
        claimed_at=held.claimed_at,
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
