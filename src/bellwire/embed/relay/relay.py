"""The relay itself: an ASGI application in front of Bellwire's own, which may be away while the relay goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import aiohttp
import orjson
import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from bellwire.app import Bellwire
from bellwire.embed.feed import Counts, Feed
from bellwire.embed.relay.heard import Heard, heard, take
from bellwire.embed.relay.upstream import Upstream, returned

PATH: Final = "/api/messages"
MOST_BYTES: Final = 32 * 1024 * 1024
"""Bytes of one request; more than any framework for bots takes."""
AT_ONCE: Final = 64 * 1024
"""An answer up to this size is passed on in one piece, a larger one or one of unknown size as it comes."""
CLOSING_TIMEOUT: Final = 5.0

log = structlog.get_logger(__name__)


class Relay:
    """ASGI: passes what comes to the bot endpoint on to ``upstream_url`` and everything else to Bellwire's own app.

    ``timeout`` is in seconds until the bot's answer begins; Teams gives up after 15 (platform reference §2.4).
    """

    def __init__(self, upstream_url: str, *, timeout: float) -> None:
        self._upstream = Upstream(upstream_url)
        self._timeout = timeout
        self._feed = Feed[Heard]()
        self._app: ASGIApp = _away

    @property
    def counts(self) -> Counts:
        """What became of what was heard so far."""
        return self._feed.counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http" and scope["path"] == PATH:
            await self._relay(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    @asynccontextmanager
    async def before(self, bellwire: Bellwire, app: ASGIApp) -> AsyncIterator[None]:
        """Stand in front of an open Bellwire, for as long as the block runs. What was heard before is not lost."""
        self._app = app
        feeding = asyncio.create_task(self._feed.run(lambda several: take(bellwire, several)))
        try:
            yield
        finally:
            self._app = _away
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSING_TIMEOUT):
                    await self._feed.hand_over(lambda several: take(bellwire, several))

    async def close(self) -> None:
        """Close the connections to the bot."""
        await self._upstream.close()

    async def _relay(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        if body is None:
            await _answer(send, 413, {"code": "too_large", "detail": "The request is too large to relay."})
            return
        authorization = Headers(scope=scope).get("authorization")
        self._feed.offer(lambda: heard(authorization, body), self._feed.arrived.set)
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._upstream.call(scope["method"], scope["query_string"], scope["headers"], body)
        except TimeoutError:
            log.warning("bot_silent", seconds=self._timeout)
            await _answer(
                send, 504, {"code": "bot_silent", "detail": "The bot behind Bellwire did not answer in time."}
            )
        except (aiohttp.ClientError, OSError) as error:
            log.warning("bot_unreachable", error=type(error).__name__)
            detail = "The bot behind Bellwire cannot be reached. Check BELLWIRE_RELAY__UPSTREAM_URL."
            await _answer(send, 502, {"code": "bot_unreachable", "detail": detail})
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


async def _away(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - the signature is ASGI's
    """In the place of Bellwire's own app while it is not open."""
    remedy = "Try again in a moment; the bot behind Bellwire is served meanwhile."
    await _answer(send, 503, {"code": "unavailable", "detail": "Bellwire is not open.", "remedy": remedy})


async def _answer(send: Send, status: int, problem: Mapping[str, Any]) -> None:
    """A problem of the relay's own (RFC 9457)."""
    body = orjson.dumps({"type": "about:blank", "status": status, **problem})
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
