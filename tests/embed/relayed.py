"""A relay on a real port."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from bellwire.embed.relay import Relay
from bellwire.web.server import serving


@contextlib.asynccontextmanager
async def relaying(upstream_url: str, timeout: float = 14.0) -> AsyncIterator[tuple[Relay, str]]:
    """A relay in front of that address, with no Bellwire behind it as yet; and where it can be called."""
    relay = Relay(upstream_url, timeout=timeout)
    try:
        async with serving(relay) as url:
            yield relay, url
    finally:
        await relay.close()
