"""Forgets what ended long ago, a little in each round of upkeep, one tenant after the other."""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from functools import partial
from typing import Final

from bellwire.delivery.station import Station
from bellwire.store import pruning
from bellwire.store.lanes import LaneKey

LANES_A_ROUND: Final = 20
BATCHES_A_ROUND: Final = 4


class Pruner:
    """Several workers may be at it at once: each takes what no other has in hand."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._ahead: deque[LaneKey] = deque()

    async def round(self) -> int:
        """Go on where the last round ended; how many deliveries were forgotten."""
        station, keep_for = self._station, self._station.tuning.keep_for
        if keep_for is None:
            return 0
        if not self._ahead:
            self._ahead.extend(await station.database.read(pruning.keys))
        forgotten = batches = 0
        for _ in range(min(LANES_A_ROUND, len(self._ahead))):
            count = await self._prune(self._ahead[0], keep_for)
            forgotten += count
            if count < pruning.AT_ONCE:
                self._ahead.popleft()
            batches += count > 0
            if batches == BATCHES_A_ROUND:
                break
        return forgotten

    async def _prune(self, key: LaneKey, keep_for: timedelta) -> int:
        before = self._station.clock() - keep_for
        return await self._station.database.write(partial(pruning.prune, key=key, before=before))
