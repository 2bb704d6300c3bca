"""The relay itself: an ASGI application in front of Bellwire's own, which may be away while the relay goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from typing import Final

import aiohttp
import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from bellwire.app import Bellwire
from bellwire.embed.feed import Counts, Feed
from bellwire.embed.relay.answers import BotSilent, BotUnreachable, send_json, send_problem
from bellwire.embed.relay.heard import Heard, heard, take
from bellwire.embed.relay.upstream import Upstream, returned
from bellwire.errors import BellwireError, StoreUnavailable, TooLarge, Unavailable
from bellwire.service.health import Check

PATH: Final = "/api/messages"
MOST_BYTES: Final = 32 * 1024 * 1024
"""Bytes of one request; more than any framework for bots takes."""
AT_ONCE: Final = 64 * 1024
"""An answer up to this size is passed on in one piece, a larger one or one of unknown size as it comes."""
CLOSING_TIMEOUT: Final = 5.0
READY_WITHIN: Final = 0.5
"""Seconds; probes give up after one, and would take the relay away for a slow database."""
MEANWHILE: Final = "Try again in a moment; the bot behind Bellwire is served meanwhile."

log = structlog.get_logger(__name__)


class Relay:
    """ASGI: passes what comes to the bot endpoint on to ``upstream_url`` and everything else to Bellwire's own app.

    How well it is it says itself. It lives and is ready for as long as it can relay, whatever Bellwire lacks: neither a
    supervisor nor a balancer may take it away from the bot's users.

    ``timeout`` is in seconds until the bot's answer begins; Teams gives up after 15 (platform reference §2.4).
    """

    def __init__(self, upstream_url: str, *, timeout: float) -> None:
        self._upstream = Upstream(upstream_url)
        self._timeout = timeout
        self._feed = Feed[Heard]()
        self._app: ASGIApp | None = None
        self._bellwire: Bellwire | None = None
        self._trouble: BellwireError = Unavailable("Bellwire is not open yet.", remedy=MEANWHILE)

    @property
    def counts(self) -> Counts:
        """What became of what was heard so far."""
        return self._feed.counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http" and scope["path"] == PATH:
            await self._relay(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == "/healthz":
            await send_json(send, 200, {"status": "ok"})
        elif scope["type"] == "http" and scope["path"] == "/readyz":
            await send_json(send, 200, {"ready": True, "checks": [_told(check) for check in await self._checks()]})
        elif self._app is not None:
            await self._app(scope, receive, send)
        else:
            await send_problem(send, self._trouble)

    @asynccontextmanager
    async def before(self, bellwire: Bellwire, app: ASGIApp) -> AsyncIterator[None]:
        """Stand in front of an open Bellwire, for as long as the block runs. What was heard before is not lost."""
        self._bellwire, self._app = bellwire, app
        feeding = asyncio.create_task(self._feed.run(lambda several: take(bellwire, several)))
        try:
            yield
        finally:
            self._bellwire = self._app = None
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSING_TIMEOUT):
                    await self._feed.hand_over(lambda several: take(bellwire, several))

    def without(self, trouble: BellwireError) -> None:
        """Say from now on that this is why Bellwire is not open."""
        self._trouble = trouble

    async def close(self) -> None:
        """Close the connections to the bot."""
        await self._upstream.close()

    async def _checks(self) -> Sequence[Check]:
        trouble = self._trouble
        if self._bellwire is not None:
            try:
                async with asyncio.timeout(READY_WITHIN):
                    return (await self._bellwire.health.readiness()).checks
            except TimeoutError:
                trouble = StoreUnavailable("The database takes too long to answer.")
        name = "database" if isinstance(trouble, StoreUnavailable) else "bellwire"
        return [Check(name, False, trouble.code, trouble.detail, trouble.remedy)]

    async def _relay(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        if body is None:
            await send_problem(send, TooLarge("The request is too large to relay."))
            return
        authorization = Headers(scope=scope).get("authorization")
        self._feed.offer(lambda: heard(authorization, body), self._feed.arrived.set)
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._upstream.call(scope["method"], scope["query_string"], scope["headers"], body)
        except TimeoutError:
            log.warning("bot_silent", seconds=self._timeout)
            await send_problem(send, BotSilent(f"No answer began within {self._timeout:g} seconds."))
        except (aiohttp.ClientError, OSError) as error:
            log.warning("bot_unreachable", error=type(error).__name__)
            await send_problem(send, BotUnreachable("No connection to it could be made, or it broke."))
        else:
            async with response:
                await _pass_on(response, send)


async def _body(receive: Receive) -> bytes | None:
    """The whole body; none if it is too large, or if the caller went away."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] == "http.disconnect" or len(body) > MOST_BYTES:
            return None
        if not message.get("more_body"):
            return bytes(body)


async def _pass_on(response: aiohttp.ClientResponse, send: Send) -> None:
    """The bot's answer as it comes. If it breaks off, so does the connection to the caller."""
    await send({"type": "http.response.start", "status": response.status, "headers": returned(response.raw_headers)})
    with suppress(aiohttp.ClientError, OSError):
        if response.content_length is None or response.content_length > AT_ONCE:
            async for piece in response.content.iter_any():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        else:
            await send({"type": "http.response.body", "body": await response.read()})


def _told(check: Check) -> dict[str, object]:
    return {name: value for name, value in asdict(check).items() if value is not None}
