"""Forgets what ended long ago, a little in each round of upkeep: one tenant's deliveries after the other's."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from bellwire.delivery.station import Station
from bellwire.store import pruning, repairs, workers
from bellwire.store.bites import AT_ONCE

TURNS_A_ROUND: Final = 20
BITES_A_ROUND: Final = 4
PAUSE: Final = timedelta(minutes=10)
"""Between one look at all tenants and the next: a worker that has nothing to do should do nothing."""


class Pruner:
    """Several workers may be at it at once: each takes what no other has in hand."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._ahead: deque[Callable[..., int]] = deque()
        self._rests_until: datetime | None = None

    async def round(self) -> int:
        """Go on where the last round ended; how many rows were forgotten, but for those that went with others."""
        station, keep_for = self._station, self._station.tuning.keep_for
        now = station.clock()
        if keep_for is None or (self._rests_until is not None and now < self._rests_until):
            return 0
        if not self._ahead:
            tenants = await station.database.read(pruning.tenants)
            self._ahead.extend((repairs.prune, workers.prune))
            self._ahead.extend(partial(pruning.prune, tenant_id=each) for each in tenants)
        forgotten = turns = bites = 0
        while self._ahead and turns < TURNS_A_ROUND and bites < BITES_A_ROUND:
            count = await station.database.write(partial(self._ahead[0], before=now - keep_for))
            if count < AT_ONCE:
                self._ahead.popleft()
            forgotten += count
            turns += 1
            bites += count > 0
        self._rests_until = None if self._ahead else now + PAUSE
        return forgotten
