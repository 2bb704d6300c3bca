"""Follows one delivery to its end, and shows a person in front of the terminal where it stands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from bellwire.cli.terminal import console

if TYPE_CHECKING:
    from bellwire.client import AsyncClient, Delivery

FIRST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 1.0


async def follow(client: AsyncClient, delivery: Delivery, seconds: float) -> Delivery:
    """The delivery once it is final, or as it stands after ``seconds``."""
    err = console(error=True)
    with err.status(_standing(delivery)) as status:
        return await _until_final(client, delivery, seconds, lambda now: status.update(_standing(now)))


async def _until_final(
    client: AsyncClient, delivery: Delivery, seconds: float, tell: Callable[[Delivery], None]
) -> Delivery:
    until, pause = time.monotonic() + seconds, FIRST_PAUSE
    while True:
        delivery = await client.delivery(delivery.id)
        tell(delivery)
        left = until - time.monotonic()
        if delivery.final or left <= 0:
            return delivery
        await asyncio.sleep(min(pause, left))
        pause = min(pause * 1.5, LONGEST_PAUSE)


def _standing(delivery: Delivery) -> str:
    tries = f", attempt {delivery.attempt_count}" if delivery.attempt_count else ""
    why = f": {delivery.fact}" if delivery.fact else ""
    return f"{delivery.state}{tries}{why}"
