"""How long a worker may take itself for alive: until shortly before others may take it for dead."""

from __future__ import annotations

import asyncio
from math import inf

from bellwire.store.clock import Ticks


class Lease:
    """The right of one worker, under one id, to write to the wire. ``ticks`` tells its seconds, and nothing else does.

    Every confirmed sign of life renews it, for ``length`` seconds from the moment before that sign was sent. A process
    that was frozen, or has lost its database, so finds by itself that it may be dead to the others, and writes nothing
    until it knows better; so does one whose whole machine slept, if ``ticks`` counts that. A lease that was lost never
    holds again.
    """

    def __init__(
        self, worker: str, length: float, ticks: Ticks, *, renewed: float = -inf, steady_since: float = -inf
    ) -> None:
        self.worker = worker
        self.ticks = ticks
        self._length = length
        self._renewed = renewed
        self._steady_since = steady_since
        self._lost = False
        self._news = asyncio.Event()

    def holds(self) -> bool:
        """Whether the worker is certain to be alive in the eyes of the others."""
        return not self._lost and self.ticks() < self._renewed + self._length

    def renew(self, sent: float) -> None:
        """A sign of life that was sent at ``sent`` is confirmed."""
        if sent - self._renewed > self._length:
            self._steady_since = sent
        self._renewed = sent
        self._news.set()

    def lose(self) -> None:
        """The others took this worker for dead."""
        self._lost = True
        self._news.set()

    def steady_for(self) -> float:
        """For how long no sign of life was late. What kept ours back may have kept those of others back as well."""
        return self.ticks() - self._steady_since

    async def kept(self) -> bool:
        """Wait until it is certain whether the lease holds; false if it is lost."""
        while not (self._lost or self.holds()):
            self._news.clear()
            await self._news.wait()
        return not self._lost
