"""Which fault hits which request: a script in order, or a storm that a seed decides; and what was played."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bellwire.simulator.faults import BY_NAME_ONLY, Fault


@dataclass(frozen=True, slots=True)
class Storm:
    """Random faults: each request is hit by the fault of the chance (0 to 1) that its turn falls into.

    The turn depends on nothing but the seed, the message's text (or, without one, its person and operation) and on how
    often that was seen before, so a storm plays the same faults to the same messages in whatever order they come.
    ``at_most`` bounds the faults that one message meets.
    """

    seed: int
    chances: tuple[tuple[float, Fault], ...]
    at_most: int | None = None

    def turn(self, key: str, number: int) -> Fault | None:
        """What happens to the request that is the ``number``-th one with this key."""
        digest = hashlib.blake2b(f"{self.seed}|{number}|{key}".encode(), digest_size=8).digest()
        lot = int.from_bytes(digest, "big") / 2**64
        for chance, fault in self.chances:
            lot -= chance
            if lot < 0:
                return fault
        return None


@dataclass(frozen=True, slots=True)
class Played:
    """A fault that was played, and the request that it hit."""

    at: datetime
    name: str
    fault: Fault
    operation: str
    conversation_id: str | None
    person: str | None
    text: str | None
    accepted: bool
    activity_id: str | None


class Script:
    """The faults to come, looked up in O(1) for those that name a text or a person, and the record of those played."""

    def __init__(self) -> None:
        self.played: list[Played] = []
        self._by_text: dict[str, deque[Fault]] = {}
        self._by_person: dict[str, deque[Fault]] = {}
        self._for_all: deque[Fault] = deque()
        self._storm: Storm | None = None
        self._seen: Counter[str] = Counter()
        self._hit: Counter[str] = Counter()
        self.active = False

    def add(self, *faults: Fault) -> None:
        """Queues faults; each hits the next ``times`` requests that it is meant for, in the order added."""
        for fault in faults:
            if fault.text is not None:
                self._by_text.setdefault(fault.text, deque()).append(fault)
            elif fault.person is not None:
                self._by_person.setdefault(fault.person, deque()).append(fault)
            else:
                self._for_all.append(fault)
        self.active = True

    def storm(self, storm: Storm | None) -> None:
        """Starts random faults, or ends them; the script goes before the storm."""
        self._storm = storm
        self._seen.clear()
        self._hit.clear()
        self.active = True

    def clear(self) -> None:
        """No more faults, and the record is empty."""
        self._by_text.clear()
        self._by_person.clear()
        self._for_all.clear()
        self.storm(None)
        self.played.clear()
        self.active = False

    @property
    def pending(self) -> list[Fault]:
        """What the script still holds."""
        queues: Iterable[deque[Fault]] = (*self._by_text.values(), *self._by_person.values(), self._for_all)
        return [fault for queue in queues for fault in queue]

    def pick(self, operation: str, person: str | None, text: str | None) -> Fault | None:
        """The fault for this request, if there is one; it is used up."""
        if not self.active:
            return None
        for queue in (self._by_text.get(text or ""), self._by_person.get(person or ""), self._for_all):
            if queue:
                fault = _take(queue, operation, person, text)
                if fault is not None:
                    return fault
        return self._blown(operation, person, text)

    def _blown(self, operation: str, person: str | None, text: str | None) -> Fault | None:
        if self._storm is None or operation in BY_NAME_ONLY:
            return None
        key = text or f"{operation} {person}"
        self._seen[key] += 1
        if self._storm.at_most is not None and self._hit[key] >= self._storm.at_most:
            return None
        fault = self._storm.turn(key, self._seen[key])
        if fault is None or not fault.hits(operation, person, text):
            return None
        self._hit[key] += 1
        return fault


def _take(queue: deque[Fault], operation: str, person: str | None, text: str | None) -> Fault | None:
    """The first fault in the queue that is meant for this request; one of its times is over."""
    for index, fault in enumerate(queue):
        if fault.hits(operation, person, text):
            if fault.times > 1:
                queue[index] = replace(fault, times=fault.times - 1)
            else:
                del queue[index]
            return fault
    return None
