"""``bellwire serve`` as a relay in front of a bot that exists already: it relays, whatever becomes of the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import TYPE_CHECKING, Final

from bellwire.cli.terminal import remark
from bellwire.errors import Unavailable

if TYPE_CHECKING:
    from bellwire.app import Bellwire
    from bellwire.embed.relay import Relay

PAUSE: Final = 2.0
"""Seconds between two tries to open Bellwire behind a relay."""


async def kept_open(
    relay: Relay,
    opened: Callable[[], AbstractAsyncContextManager[Bellwire]],
    stop: asyncio.Event,
    until: Callable[[Bellwire], Awaitable[None]],
) -> None:
    """Keep Bellwire open behind the relay until ``stop``; what it fails of is told, and it is opened again."""
    from bellwire.web.app import create_app

    while not stop.is_set():
        try:
            async with opened() as bellwire, relay.before(bellwire, create_app(bellwire)):
                await until(bellwire)
        except Unavailable as error:
            relay.without(error)
            remark(f"bellwire: {error} What comes for the bot is relayed meanwhile.")
            with suppress(TimeoutError):
                async with asyncio.timeout(PAUSE):
                    await stop.wait()
