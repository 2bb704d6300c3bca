"""The database's time: the one clock that all processes on one PostgreSQL share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

import structlog
from sqlalchemy import func, select

from bellwire.errors import StoreUnavailable
from bellwire.store.database import Database

log = structlog.get_logger(__name__)

CLOCK_ERROR: Final = 0.1
"""Seconds by which the clocks of two processes may differ: each is right to half of it."""

MEASURE_EVERY: Final = 5.0
SAMPLES_AT_START: Final = 3
OLD: Final = 600.0
_NOW: Final = select(func.clock_timestamp())

Ticks = Callable[[], float]


def ticks_of_the_machine() -> Ticks:
    """Seconds that nobody sets forward or back; where the system tells, those in which the machine slept count too."""
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic if boot_time is None else partial(time.clock_gettime, boot_time)


class _Sample(NamedTuple):
    error: float
    ticks: float
    told: datetime


class DatabaseClock:
    """Tells the database's time, measured now and then, and carried on by this machine's monotonic seconds.

    What the machine takes for the time of day does not matter at all.
    """

    def __init__(self, database: Database, ticks: Ticks | None = None) -> None:
        self._database = database
        self._ticks = ticks or ticks_of_the_machine()
        self._sample: _Sample | None = None
        self._measuring: asyncio.Task[None] | None = None

    def __call__(self) -> datetime:
        """The time, in UTC."""
        assert self._sample is not None, "the clock was not started"
        return self._sample.told + timedelta(seconds=self._ticks() - self._sample.ticks)

    async def start(self) -> None:
        """Ask for the time, and ask again every few seconds from now on.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        for _ in range(SAMPLES_AT_START):
            await self.measure()
        self._measuring = asyncio.create_task(self._measure_for_ever(), name="bellwire-clock")

    async def close(self) -> None:
        """Ask no more."""
        if self._measuring is not None:
            self._measuring.cancel()
            await asyncio.gather(self._measuring, return_exceptions=True)

    async def measure(self) -> None:
        """Ask once. An answer that took long says little, and counts only if nothing better is known.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        asked = self._ticks()
        told = await self._database.read(lambda conn: conn.execute(_NOW).scalar_one())
        answered = self._ticks()
        sample, known = _Sample((answered - asked) / 2, (asked + answered) / 2, told), self._sample
        if known is None or sample.error <= max(known.error, CLOCK_ERROR / 2) or sample.ticks - known.ticks > OLD:
            self._sample = sample

    async def _measure_for_ever(self) -> None:
        while True:
            await asyncio.sleep(MEASURE_EVERY)
            try:
                await self.measure()
            except StoreUnavailable as error:
                log.warning("clock_waits", code=error.code)
            except Exception:  # the last measure still holds, and nobody else would hear that this one failed
                log.exception("clock_broken")
