"""The worker's signs of life, and what follows if they come too late."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from bellwire.delivery.station import Station
from bellwire.errors import StoreUnavailable
from bellwire.store import workers

log = structlog.get_logger(__name__)


class Pulse:
    """Beats by itself, so that no upkeep, however long it takes, keeps a sign of life back.

    ``declared_dead`` is called when this worker's row was closed by another.
    """

    def __init__(self, station: Station, declared_dead: Callable[[], Awaitable[None]]) -> None:
        self._station = station
        self._declared_dead = declared_dead

    async def run(self) -> None:
        """Beat for ever."""
        while True:
            await asyncio.sleep(self._station.tuning.heartbeat)
            try:
                await self.beat()
            except StoreUnavailable as error:
                log.warning("heartbeat_waits", code=error.code)

    async def beat(self) -> None:
        """One sign of life.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        station = self._station
        lease, sent = station.lease, station.lease.ticks()
        if await station.database.write(partial(workers.beat, worker=lease.worker, now=station.clock())):
            lease.renew(sent)
        else:
            lease.lose()
            await self._declared_dead()
