"""Installs of one lane: they keep to a pace of their own, since Graph takes fewer of them than Teams takes messages.

https://learn.microsoft.com/graph/throttling-limits: 30 a second for one app in one tenant.
"""

from __future__ import annotations

from collections import deque
from math import inf
from typing import Final

from bellwire.delivery.work import Work
from bellwire.model.pacing import TenantPace

LONGEST_LINE: Final = 64


class Installs:
    """Whoever comes too early waits here, or, where the line is long, in the queue until later.

    Of those in line the first is called when its turn has come, and takes its place among the lane's other work, so
    that priorities hold. Times are monotonic seconds, given as arguments.
    """

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._pace = TenantPace(per_second)
        self._line: deque[Work] = deque()
        self._called: Work | None = None
        self._paused_until = -inf
        self._last_turn = -inf

    def opens_at(self, now: float) -> float:
        """When the next in line is to be called; infinite while nobody waits, or one is called already."""
        return self._turn(now) if self._line and self._called is None else inf

    def call(self, now: float) -> Work | None:
        """The next in line, if its turn has come."""
        if self.opens_at(now) > now:
            return None
        self._called = self._line.popleft()
        return self._called

    def admits(self, work: Work, now: float) -> bool:
        """Whether this one may start now."""
        if work is self._called:
            self._called = None
        return self._turn(now) <= now

    def stand_in_line(self, work: Work, now: float) -> float | None:
        """Take ``work`` in, or else say after how many seconds it should come again."""
        if len(self._line) < LONGEST_LINE:
            self._line.append(work)
            return None
        slot = 1.0 / self._per_second
        soonest = max(now, self._paused_until) + len(self._line) * slot
        self._last_turn = max(soonest, self._last_turn + slot)
        return self._last_turn - now

    def start(self, now: float) -> None:
        """An install is handed to the wire."""
        self._pace.start(now)

    def settle(self, started: float, now: float) -> None:
        """It was answered, or failed."""
        self._pace.settle(started, now)

    def pause(self, until: float) -> None:
        """Nothing is installed before ``until``: Graph said so."""
        self._paused_until = max(self._paused_until, until)

    def rest(self, now: float) -> None:
        """Begin as if the window were full: an earlier owner of the lane may have filled it a moment ago."""
        self._pace.restore([now] * self._per_second)

    def empty(self) -> list[Work]:
        """Everybody in line, who is not here any more."""
        found = list(self._line)
        self._line.clear()
        self._called = None
        return found

    def _turn(self, now: float) -> float:
        return max(self._paused_until, self._pace.opens_at(now))
