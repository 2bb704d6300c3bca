"""How fast Teams may be asked, as pure functions of time: nothing here reads a clock.

Times are seconds of one monotonic clock, given as arguments. A request *starts* when it is handed to the wire and
*settles* when its answer came or it failed. It arrives at Teams somewhere in between, nobody knows when, and that is
all that the proof below needs; no allowance for jitter has to be guessed.

**Why a window is never exceeded.** A request starts only while fewer than ``limit`` others are under way or settled
less than ``window`` ago. Suppose ``limit + 1`` requests arrived at Teams less than ``window`` apart, and let r be the
one of them that started last, at s. Each other one started before s. Had it settled at or before ``s - window``, it
would have arrived by then, and r, which arrives at or after s, would be ``window`` or more behind it. So each of the
``limit`` others was under way at s or settled less than ``window`` before, and r could not have started.

The price: a lane at its limit runs at ``limit / (window + latency)``. With answers after 5 ms that is half a per cent,
and ``SLACK`` takes another half.

The limits are Microsoft's (platform reference §6): 50 requests a second per app and tenant; per conversation 7 in
1 s, 8 in 2 s, 60 in 30 s and 1,800 in an hour.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from math import inf
from typing import Final, NamedTuple


class Window(NamedTuple):
    """At most ``limit`` requests within any ``seconds``."""

    limit: int
    seconds: float


FORGET_AFTER: Final = 30.0
FORGOTTEN_PER_HOUR: Final = 120
FEW_PER_HOUR: Final = 60
CONVERSATION_WINDOWS: Final = (
    Window(7, 1.0),
    Window(8, 2.0),
    Window(60, 30.0),
    Window(1800 - FORGOTTEN_PER_HOUR - FEW_PER_HOUR, 3600.0),
)
CATCH_UP: Final = 0.1
"""Seconds by which a lane that has work may lag behind its slots and still lose no rate."""
AT_ONCE: Final = 0.02
"""Seconds whose slots a lane that had nothing to send may begin with, besides the first; at least one slot."""
SLACK: Final = 1.005
"""Slots are so much longer than they need to be, which dissolves what has bunched."""
_SMOOTHING: Final = 1 / 16


class TenantPace:
    """The pace of one sender in one tenant: never over ``limit`` in any ``seconds``, and evenly spaced.

    The spacing (a generic cell rate) keeps a slot near at every moment: an urgent request waits for the next slot and
    not for the end of a burst's window. The slots are as long as the window and the usual latency together make them,
    else they would bunch in front of the window. Whoever has work and comes late, because a worker with many lanes is
    busy, makes up for it; whoever had none begins with two at once and no more.
    """

    __slots__ = ("_latency", "_limit", "_next", "_seconds", "_settled", "_under_way")

    def __init__(self, limit: int, seconds: float = 1.0) -> None:
        self._limit = limit
        self._seconds = seconds
        self._settled: deque[float] = deque()
        self._under_way = 0
        self._next = -inf
        self._latency: float | None = None

    @property
    def under_way(self) -> int:
        """How many requests were started and have not settled."""
        return self._under_way

    @property
    def slot(self) -> float:
        """Seconds from one request to the next at full speed."""
        return (self._seconds + (self._latency or 0.0)) * SLACK / self._limit

    @property
    def _tolerance(self) -> float:
        return max(self.slot, CATCH_UP)

    def used(self, now: float) -> float:
        """Which share of the window is taken: by requests under way, and by those settled in it."""
        settled = sum(1 for moment in self._settled if moment + self._seconds > now)
        return min((self._under_way + settled) / self._limit, 1.0)

    def opens_at(self, now: float) -> float:
        """When the next request may start, as far as is known at ``now``; infinite until an answer comes."""
        settled = self._settled
        while settled and settled[0] + self._seconds <= now:
            settled.popleft()
        spaced = self._next - self._tolerance
        free = self._limit - self._under_way
        if len(settled) < free:
            return spaced
        return max(spaced, settled[len(settled) - free] + self._seconds) if free > 0 else inf

    def rest(self, now: float) -> None:
        """There was nothing to send until now: slots that passed unused are gone."""
        self._next = max(self._next, now + self._tolerance - max(self.slot, AT_ONCE))

    def start(self, now: float) -> None:
        """A request is handed to the wire."""
        self._under_way += 1
        self._next = max(self._next, now) + self.slot

    def settle(self, started: float, now: float) -> None:
        """The answer to the request that started at ``started`` came, or it failed."""
        self._under_way -= 1
        self._settled.append(now)
        measured = min(now - started, 0.25)
        self._latency = measured if self._latency is None else self._latency + (measured - self._latency) * _SMOOTHING

    def restore(self, settled: Iterable[float]) -> None:
        """Take over what an earlier process sent: the times at which its last requests settled."""
        self._settled = deque(sorted([*settled, *self._settled]))


class ConversationPace:
    """The pace of one conversation: one request at a time, and Teams' four windows.

    **Why it may be forgotten.** To keep memory small, a log of k requests is dropped k * 30 s after its last request
    settled, and the hour's window is held at 1,620 instead of 1,800. Look at any hour at Teams' side, and at the last
    request r started of those that arrived in it. Of the others, those that r's own log knew are fewer than 1,620.
    The rest were in logs dropped before; a dropped log with k of them in the hour was followed by a gap of at least
    k * 30 s before the next request of the conversation arrived, all of these gaps lie within the hour, so together
    they held at most 3,600 / 30 = 120. And a new owner of the lane does not learn of those requests to a conversation
    that are older than 30 s and, within the hour before it took the lane, fewer than 60: at the last such change in
    the hour fewer than 60 went unnoticed. The shorter windows reach back 30 s at most, and no log is dropped sooner.
    """

    __slots__ = ("_paused_until", "_settled", "_windows", "under_way")

    def __init__(self, windows: tuple[Window, ...] = CONVERSATION_WINDOWS) -> None:
        self._windows = windows
        self._settled: list[float] = []
        self._paused_until = -inf
        self.under_way = False

    def opens_at(self) -> float:
        """When the next request may start; infinite while one is under way."""
        if self.under_way:
            return inf
        known = len(self._settled)
        opens = self._paused_until
        for limit, seconds in self._windows:
            if known < limit:
                break
            opens = max(opens, self._settled[-limit] + seconds)
        return opens

    def start(self) -> None:
        """A request is handed to the wire."""
        self.under_way = True

    def settle(self, now: float) -> None:
        """The answer came, or the request failed."""
        self.under_way = False
        if self._windows:
            self._settled.append(now)
            self._trim(now)

    def pause(self, until: float) -> None:
        """Nothing starts before ``until``: Teams said so for this conversation."""
        self._paused_until = max(self._paused_until, until)

    def restore(self, settled: Iterable[float]) -> None:
        """Take over what an earlier process sent."""
        self._settled = sorted([*settled, *self._settled])

    def forgettable_at(self) -> float:
        """When this log may be dropped."""
        if self.under_way:
            return inf
        if not self._settled:
            return self._paused_until
        return max(self._paused_until, self._settled[-1] + FORGET_AFTER * len(self._settled))

    def recent(self, now: float) -> int:
        """How many requests settled within the 30 seconds before ``now``."""
        return len(self._settled) - bisect_right(self._settled, now - FORGET_AFTER)

    def patience(self) -> float:
        """Seconds from one request to the next that this conversation bears at its present load."""
        known = len(self._settled)
        return max((seconds / limit for limit, seconds in self._windows if known >= limit), default=0.0)

    def _trim(self, now: float) -> None:
        limit, seconds = self._windows[-1]
        stale = max(bisect_right(self._settled, now - seconds), len(self._settled) - limit)
        if stale > 0:
            del self._settled[:stale]
