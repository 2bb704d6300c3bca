"""Waits until Teams was asked for everybody's chat, and tells the tally what came of it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from bellwire.cli.heap.tally import Tally
from bellwire.cli.terminal import console

if TYPE_CHECKING:
    from bellwire.client import AsyncClient

PAUSE: Final = 0.5
PATIENCE: Final = 60.0
"""Seconds without any progress, after which the rest is left to the service."""

PAGE: Final = 1000


async def wait_for_repairs(client: AsyncClient, tally: Tally) -> None:
    """Return when all repairs are over, or make no progress."""
    if tally.asked:
        await _until_over(client)
        after: str | None = None
        while True:
            page = await client.repairs(limit=PAGE, after=after)
            for repair in page.items:
                if repair.state in ("opened", "refused"):
                    tally.repaired(repair)
            if (after := page.next) is None:
                break
        tally.give_up()


async def _until_over(client: AsyncClient) -> None:
    from rich.progress import Progress

    first = await client.repairs(limit=1)
    with Progress(console=console(error=True), transient=True) as progress:
        bar = progress.add_task("Asking Teams for chats", total=first.open)
        still, seen_at = first.open, time.monotonic()
        while still and time.monotonic() - seen_at < PATIENCE:
            await asyncio.sleep(PAUSE)
            now = (await client.repairs(limit=1)).open
            if now != still:
                still, seen_at = now, time.monotonic()
            progress.update(bar, completed=max(first.open - still, 0))
