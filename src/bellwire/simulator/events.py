"""What happens in the simulator, told to whoever listens: tests that wait, and pages that show."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Event = dict[str, Any]
BACKLOG = 1000


class Events:
    """A bell for waiters and a queue for each listener. Costs next to nothing while nobody listens."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[Event]] = set()
        self._waiters: set[asyncio.Event] = set()

    @property
    def heard(self) -> bool:
        """Whether anyone listens, so that nobody builds events for nobody."""
        return bool(self._listeners)

    def happened(self, kind: str, describe: Callable[[], Event]) -> None:
        """Wakes all waiters; listeners get the event, whose description is made only for them."""
        for waiter in self._waiters:
            waiter.set()
        if self._listeners:
            event = {"event": kind, **describe()}
            for queue in self._listeners:
                _push(queue, event)

    @contextmanager
    def listening(self) -> Iterator[asyncio.Queue[Event]]:
        """A queue that gets every event from now on; a listener too slow for it loses the oldest."""
        queue: asyncio.Queue[Event] = asyncio.Queue(BACKLOG)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    async def until(self, true: Callable[[], bool], timeout: float = 10.0) -> None:
        """Waits until the predicate holds, asking again after everything that happens.

        Raises:
            TimeoutError: it did not hold within ``timeout`` seconds.
        """
        rung = asyncio.Event()
        self._waiters.add(rung)
        try:
            async with asyncio.timeout(timeout):
                while not true():
                    await rung.wait()
                    rung.clear()
        finally:
            self._waiters.discard(rung)


def _push(queue: asyncio.Queue[Event], event: Event) -> None:
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(event)
