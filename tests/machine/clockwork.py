"""An event loop whose time stands still while anything happens, and jumps to the next timer when nothing does.

Hours of the engine's life pass in milliseconds, and every run of a story sees the same times in the same order.
"""

from __future__ import annotations

import asyncio
import selectors
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

START: Final = datetime(2026, 11, 22, 9, tzinfo=UTC)
STUCK_SECONDS: Final = 20.0
INSTANT: Final = 1e-6
Ready = list[tuple[selectors.SelectorKey, int]]


class _Selector(selectors.DefaultSelector):
    """Waits for real only while I/O is known to be under way; otherwise time jumps.

    What I/O brought is not looked at before everything else has had its turn, so that the order of events does not
    depend on how long the I/O really took.
    """

    def __init__(self, look: Callable[[], None]) -> None:
        super().__init__()
        self._look = look
        self.now = 0.0
        self.under_way = False

    def select(self, timeout: float | None = None) -> Ready:
        if timeout is not None and timeout <= 0:
            return []
        if self.under_way or timeout is None:
            return self._something()
        self.now += timeout
        return []

    def _something(self) -> Ready:
        found = super().select(STUCK_SECONDS)
        if not found:
            raise RuntimeError(f"nothing happened for {STUCK_SECONDS} real seconds")
        self._look()
        return found


class Clockwork(asyncio.SelectorEventLoop):
    """The loop. ``now`` is the clock on the wall."""

    def __init__(self) -> None:
        self._from_threads: deque[asyncio.Handle] = deque()
        self._time = _Selector(self._look)
        super().__init__(self._time)
        self._one_at_a_time = asyncio.Lock()

    def time(self) -> float:
        """Seconds since the story began."""
        return self._time.now

    def now(self) -> datetime:
        """The time of day."""
        return START + timedelta(seconds=self.time())

    async def really(self, io: Coroutine[Any, Any, T]) -> T:
        """Wait for something that really takes time; it is done to its end even if nobody waits any more.

        One after the other, in the order in which they were asked for.
        """
        task = self.create_task(self._alone(io), context=Context())  # nobody's, so that nobody's end cancels it
        task.add_done_callback(_heeded)
        return await asyncio.shield(task)

    def call_soon_threadsafe(
        self, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """What a thread brings is I/O as well: it waits until it is looked at."""
        handle = asyncio.Handle(callback, args, self, context)
        self._from_threads.append(handle)
        super().call_soon_threadsafe(_nothing)
        return handle

    def _look(self) -> None:
        while self._from_threads:
            self.call_soon(self._from_threads.popleft()._run)

    async def _alone(self, io: Coroutine[Any, Any, T]) -> T:
        async with self._one_at_a_time:
            self._time.under_way = True
            try:
                return await io
            finally:
                self._time.under_way = False


def _nothing() -> None:
    """Wakes the loop up, and no more."""


def _heeded(task: asyncio.Future[Any]) -> None:
    """If nobody waits any more, nobody minds what it failed of."""
    if not task.cancelled():
        task.exception()


async def settled() -> None:
    """Everything that can happen at this moment has happened."""
    await asyncio.sleep(INSTANT)


def clockwork() -> Clockwork:
    """The loop that is running."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Clockwork)
    return loop
