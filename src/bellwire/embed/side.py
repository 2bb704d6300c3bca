"""A thread with an event loop of its own beside the bot's: whatever happens there, the bot's loop does not feel it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

T = TypeVar("T")

PATIENCE: Final = 10.0
"""Seconds that the end of the process waits for what is still being written down."""


class Side:
    """Runs ``main`` on a thread of its own until it is closed, which sets the event that ``main`` is given.

    The thread is a daemon: one that hangs cannot keep the bot's process from ending.
    """

    def __init__(self, main: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
        self._main = main
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="bellwire", daemon=True)
        self._thread.start()
        # Not atexit: that comes after the thread pools are shut, and then the store could write nothing any more.
        threading._register_atexit(self.close)  # type: ignore[attr-defined] # typeshed leaves it out

    def call(self, deed: Callable[[], object]) -> None:
        """Have a function called there soon; returns at once. Raises RuntimeError if it is closed."""
        self._loop.call_soon_threadsafe(deed)

    async def ask(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something there and wait here, in any event loop, for what it returns or raises."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def close(self, timeout: float = PATIENCE) -> None:
        """End it, and wait at most ``timeout`` seconds until it has ended."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(timeout)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._main(self._stop))
