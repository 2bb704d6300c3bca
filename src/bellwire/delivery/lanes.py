"""All lanes of a worker, and whose request starts next: seats are shared in turn, urgent requests go first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from heapq import heappop, heappush
from math import inf

from bellwire.delivery.gate import Gate
from bellwire.delivery.lane import Lane
from bellwire.delivery.work import Work
from bellwire.model.delivery import Priority
from bellwire.store.lanes import LaneKey


class _Line:
    """Lanes in line, each at most once."""

    __slots__ = ("_inside", "_order")

    def __init__(self) -> None:
        self._order: deque[LaneKey] = deque()
        self._inside: set[LaneKey] = set()

    def __len__(self) -> int:
        return len(self._order)

    def join(self, key: LaneKey) -> None:
        if key not in self._inside:
            self._inside.add(key)
            self._order.append(key)

    def call(self) -> LaneKey:
        key = self._order.popleft()
        self._inside.remove(key)
        return key


class Lanes:
    """Lanes that may have something to start stand in line; a lane that cannot yet is called again by its timer.

    A paused or limited lane is touched by nothing but its timer, so it costs nothing, however long its queue is.
    Some seats are kept for urgent requests, so that a house full of slow bulk requests cannot hold one up.
    Times are monotonic seconds, given as arguments. ``opened`` and ``closed`` count lanes since the start.
    """

    def __init__(self, seats: int, urgent_seats: int) -> None:
        self._seats = seats
        self._common_seats = max(seats - urgent_seats, 1)
        self._lanes: dict[LaneKey, Lane] = {}
        self._gates: dict[str, Gate] = {}
        self._ready = _Line()
        self._urgent = _Line()
        self._timers: list[tuple[float, LaneKey]] = []
        self._due: dict[LaneKey, float] = {}
        self._under_way: dict[Work, Lane] = {}
        self.opened = 0
        self.closed = 0

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes.values())

    def __len__(self) -> int:
        return len(self._lanes)

    @property
    def under_way(self) -> int:
        """How many requests have started and have not settled."""
        return len(self._under_way)

    def get(self, key: LaneKey) -> Lane | None:
        """The lane, if this worker owns it."""
        return self._lanes.get(key)

    def open(self, lane: Lane) -> None:
        """This worker owns one more lane."""
        self.opened += lane.key not in self._lanes
        self._lanes[lane.key] = lane

    def close(self, key: LaneKey) -> None:
        """This worker does not own the lane any more."""
        self.closed += self._lanes.pop(key, None) is not None

    def gate(self, sender: str) -> Gate | None:
        """The gate of a sender, if it is halted."""
        return self._gates.get(sender)

    def halted(self) -> set[str]:
        """The senders whose gates are shut."""
        return set(self._gates)

    def halt(self, sender: str, gate: Gate) -> None:
        """Nothing of this sender starts, but for a probe when the gate says so."""
        self._gates[sender] = gate

    def resume(self, sender: str) -> None:
        """The sender may send again."""
        if self._gates.pop(sender, None) is not None:
            for lane in self:
                if lane.key.sender == sender:
                    self.touch(lane)

    def touch(self, lane: Lane) -> None:
        """Something about this lane has changed: it may have something to start."""
        self._ready.join(lane.key)
        if lane.at_hand(Priority.URGENT):
            self._urgent.join(lane.key)

    def hurry(self) -> bool:
        """Whether something urgent may be there to start."""
        return len(self._urgent) > 0

    def take(self, now: float) -> Work | None:
        """Start the next request, if there is a seat for it and its lane lets it start."""
        self._ring_timers(now)
        taken = len(self._under_way)
        if taken >= self._seats:
            return None
        common = taken < self._common_seats
        work = self._first(self._urgent, now, urgent_only=not common)
        if work is None and common:
            work = self._first(self._ready, now, urgent_only=False)
        return work

    def settle(self, work: Work, now: float) -> None:
        """The request of ``work`` was answered, or failed, or was not written to the wire after all."""
        lane = self._under_way.pop(work)
        gate = self._gates.get(work.person.sender)
        if gate is not None and gate.probe is work:
            gate.probe = None
        lane.settle(work, now)
        self.touch(lane)

    def next_at(self) -> float:
        """When to look again, if nothing happens before; infinite if nothing is due."""
        return self._timers[0][0] if self._timers else inf

    def _first(self, line: _Line, now: float, *, urgent_only: bool) -> Work | None:
        for _ in range(len(line)):
            lane = self._lanes.get(line.call())
            if lane is None or (line is self._urgent and not lane.at_hand(Priority.URGENT)):
                continue
            work = self._start(lane, now, urgent_only=urgent_only)
            if work is not None:
                line.join(lane.key)
                return work
        return None

    def _start(self, lane: Lane, now: float, *, urgent_only: bool) -> Work | None:
        gate = self._gates.get(lane.key.sender)
        if gate is not None and gate.opens_at() > now:
            self._set_timer(lane.key, gate.opens_at())
            return None
        work = lane.take(now, urgent_only=urgent_only)
        if work is None:
            self._set_timer(lane.key, lane.opens_at(now, urgent_only=urgent_only))
            return None
        if gate is not None:
            gate.probe = work
        self._under_way[work] = lane
        return work

    def _set_timer(self, key: LaneKey, at: float) -> None:
        if at < min(inf, self._due.get(key, inf)):
            self._due[key] = at
            heappush(self._timers, (at, key))

    def _ring_timers(self, now: float) -> None:
        while self._timers and self._timers[0][0] <= now:
            at, key = heappop(self._timers)
            if self._due.get(key) == at:
                del self._due[key]
            lane = self._lanes.get(key)
            if lane is not None:
                self.touch(lane)
