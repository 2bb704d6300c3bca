"""The event loop of a command that runs until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any, Final, NoReturn, TypeVar

T = TypeVar("T")

STOPPING: Final = (signal.SIGINT, signal.SIGTERM)


def run_async(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run to the end on the fastest event loop that is installed."""
    try:
        import uvloop
    except ImportError:  # there is none for Windows
        factory = None
    else:
        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work())


def stop_signal() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set, so that what is in flight can finish. A second one ends at once.

    Whichever of the two it is, and without any clearing up, since that may be what hangs; nothing is lost by it, as
    nothing is by a crash.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stopping(number: signal.Signals) -> None:
        if stop.is_set():  # both came before the loop could look at the first
            _end_at_once(number)
        stop.set()
        for each in STOPPING:
            loop.remove_signal_handler(each)
            signal.signal(each, _end_at_once)  # needs no loop: the second may come when it is closed already

    for number in STOPPING:
        with contextlib.suppress(NotImplementedError):  # Windows has none; Ctrl-C interrupts there
            loop.add_signal_handler(number, stopping, number)
    return stop


def _end_at_once(number: int, _frame: object = None) -> NoReturn:
    os._exit(128 + number)  # what a shell says of a process that a signal ended
