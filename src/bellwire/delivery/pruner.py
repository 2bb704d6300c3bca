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
        forgotten = bites = 0
        for _ in range(min(TURNS_A_ROUND, len(self._ahead))):
            count = await station.database.write(partial(self._ahead[0], before=now - keep_for))
            forgotten += count
            if count < AT_ONCE:
                self._ahead.popleft()
            bites += count > 0
            if bites == BITES_A_ROUND:
                break
        self._rests_until = None if self._ahead else now + PAUSE
        return forgotten
