"""Teams' rate limits as exact sliding windows (platform reference §6): always measured, enforced unless told not to."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bellwire.simulator.refusal import Refusal


class Window(NamedTuple):
    """At most ``most`` requests within any ``seconds``."""

    most: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.most}/{self.seconds:g}s"


SEND = (Window(7, 1), Window(8, 2), Window(60, 30), Window(1800, 3600))
READ = (Window(14, 1), Window(16, 2), Window(120, 30), Window(3600, 3600))


@dataclass(frozen=True, slots=True)
class Limits:
    """Which windows there are, and what a request over one of them gets.

    ``tenant`` holds for all requests of an app into a tenant together, ``send``, ``create`` and ``read`` for one
    conversation. ``retry_after`` is the form of that header on a 429: seconds, an HTTP date, or none.
    """

    enforce: bool = True
    tenant: tuple[Window, ...] = (Window(50, 1),)
    send: tuple[Window, ...] = SEND
    create: tuple[Window, ...] = SEND
    read: tuple[Window, ...] = READ
    all_bots: tuple[Window, ...] = (Window(14, 1), Window(16, 2))
    retry_after: str = "seconds"


class Meter:
    """The times of the requests of one lane, as many as its largest window needs."""

    __slots__ = ("_keep", "_times", "windows")

    def __init__(self, windows: Iterable[Window]) -> None:
        self.windows = tuple(windows)
        self._keep = max((window.most for window in self.windows), default=0)
        self._times: list[float] = []

    def full(self, now: float) -> tuple[Window, float] | None:
        """The fullest window that has no room at ``now``, and the seconds until it has; None where all have."""
        worst: tuple[Window, float] | None = None
        times = self._times
        for window in self.windows:
            if len(times) >= window.most:
                wait = times[-window.most] + window.seconds - now
                if wait > 0 and (worst is None or wait > worst[1]):
                    worst = (window, wait)
        return worst

    def count(self, now: float) -> None:
        """One request at ``now``; times never go back."""
        times = self._times
        times.append(now)
        if len(times) > 2 * self._keep + 64:
            del times[: len(times) - self._keep]


class Verdict(NamedTuple):
    """Which window a request exceeds, and how long it is full yet, in seconds."""

    scope: str
    window: Window
    wait: float

    @property
    def name(self) -> str:
        return f"{self.scope} {self.window}"

    @property
    def retry_after(self) -> int:
        return max(1, math.ceil(self.wait))


class Gate:
    """Where every request is measured at its arrival, by a monotonic clock in seconds.

    A refused request takes no room in any window: it would otherwise shut out for ever who knocks too often.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.exceeded: Counter[str] = Counter()
        self.arrivals = 0
        self.several_bots = False
        self._meters: dict[tuple[str, ...], Meter] = {}

    def arrive(
        self, app_id: str, tenant_id: str, kind: str, lane: str | None, now: float, *, weight: int = 1
    ) -> Verdict | None:
        """Measures one request; the verdict is about the window that is full for longest.

        ``kind`` is ``send``, ``create``, ``read`` or ``other``; ``lane`` is the conversation. ``weight`` is 2 for what
        Teams splits into two messages by itself.
        """
        self.arrivals += 1
        meters = self._meters_of(app_id, tenant_id, kind, lane)
        worst: Verdict | None = None
        for scope, meter in meters:
            full = meter.full(now)
            if full is not None and (worst is None or full[1] > worst.wait):
                worst = Verdict(scope, *full)
        if worst is not None:
            self.exceeded[worst.name] += 1
            if self.limits.enforce:
                return worst
        for _, meter in meters:
            for _ in range(weight):
                meter.count(now)
        return None

    def with_retry_after(self, refusal: Refusal, seconds: int, now: datetime) -> Refusal:
        """The refusal with the header in the form that the limits ask for; ``now`` is for the date."""
        if self.limits.retry_after == "none":
            return refusal
        return refusal.after(seconds, now if self.limits.retry_after == "date" else None)

    def change(self, limits: Limits) -> None:
        """Other limits from now on; what was measured so far is forgotten, the counts of excesses stay."""
        self.limits = limits
        self._meters.clear()

    def clear(self) -> None:
        """Forgets everything measured, the excesses too."""
        self._meters.clear()
        self.exceeded.clear()
        self.arrivals = 0

    def _meters_of(self, app_id: str, tenant_id: str, kind: str, lane: str | None) -> list[tuple[str, Meter]]:
        found = [("tenant", self._meter(("tenant", app_id, tenant_id), self.limits.tenant))]
        if lane is not None and kind != "other":
            windows: tuple[Window, ...] = getattr(self.limits, kind)
            found.append((kind, self._meter((kind, app_id, lane), windows)))
            if self.several_bots and kind != "read":
                found.append(("all bots", self._meter((kind, lane), self.limits.all_bots)))
        return found

    def _meter(self, key: tuple[str, ...], windows: tuple[Window, ...]) -> Meter:
        meter = self._meters.get(key)
        if meter is None:
            meter = self._meters[key] = Meter(windows)
        return meter
