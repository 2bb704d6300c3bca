"""What a worker lets others overhear, so that a test can wait for a fact instead of sleeping."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bellwire.store.lanes import LaneKey

T = TypeVar("T")


class Signal(Generic[T]):
    """Costs nothing while nobody listens."""

    __slots__ = ("_listeners",)

    def __init__(self) -> None:
        self._listeners: list[asyncio.Queue[T]] = []

    def __call__(self, fact: T) -> None:
        """It has happened."""
        for listener in self._listeners:
            listener.put_nowait(fact)

    def listen(self) -> asyncio.Queue[T]:
        """Every fact from now on."""
        listener: asyncio.Queue[T] = asyncio.Queue()
        self._listeners.append(listener)
        return listener


@dataclass(frozen=True, slots=True)
class Signals:
    """Deliveries claimed, begun, recorded, by id; senders halted and resumed, by name; lanes taken, and released to
    others; rosters read, by team; rounds of upkeep, by number.
    """

    claimed: Signal[str] = field(default_factory=Signal)
    begun: Signal[str] = field(default_factory=Signal)
    recorded: Signal[str] = field(default_factory=Signal)
    halted: Signal[str] = field(default_factory=Signal)
    resumed: Signal[str] = field(default_factory=Signal)
    taken: Signal[LaneKey] = field(default_factory=Signal)
    released: Signal[LaneKey] = field(default_factory=Signal)
    roster: Signal[str] = field(default_factory=Signal)
    upkeep: Signal[int] = field(default_factory=Signal)
