"""When to look at which lane's queue again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf

from bellwire.store.lanes import LaneKey


class Agenda:
    """One timer for each lane, for the earliest of its times; what falls due is collected, and ``wake`` called."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._timers: dict[LaneKey, asyncio.TimerHandle] = {}
        self._due: set[LaneKey] = set()

    def put(self, key: LaneKey, at: float) -> None:
        """Look at this lane at ``at``, in the event loop's seconds, unless that is planned earlier already."""
        planned = self._timers.get(key)
        if at == inf or (planned is not None and planned.when() <= at):
            return
        if planned is not None:
            planned.cancel()
        self._timers[key] = asyncio.get_running_loop().call_at(at, self._fall_due, key)

    def take_due(self) -> set[LaneKey]:
        """The lanes to look at now."""
        due, self._due = self._due, set()
        return due

    def clear(self) -> None:
        """Look at nothing any more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._due.clear()

    def _fall_due(self, key: LaneKey) -> None:
        del self._timers[key]
        self._due.add(key)
        self._wake()
