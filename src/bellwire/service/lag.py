"""How late the event loop is: what hogs it holds up every answer and every request of the process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

EVERY: Final = 0.5
"""Seconds between two looks."""

log = structlog.get_logger(__name__)


async def watch_lag(late: Callable[[float], None]) -> None:
    """Tell for ever, twice a second, by how many seconds a timer came late."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + EVERY
        await asyncio.sleep(EVERY)
        try:
            late(max(0.0, loop.time() - due))
        except Exception:  # whoever is told may fail; the next one is told all the same
            log.exception("lag_not_told")
