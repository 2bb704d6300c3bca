"""The existing bot, as the relay calls it: the same request, and its answer as it comes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import aiohttp
from yarl import URL

from bellwire.connections import Connector
from bellwire.net import STALE_CONNECTIONS, Body

Headers = Iterable[tuple[bytes, bytes]]

HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""What belongs to one connection and not to the message (RFC 9110 §7.6.1)."""
OURS: Final = frozenset({b"host", b"content-length", b"expect"})
"""Written anew for the connection to the bot, with the same meaning."""
NOT_ADDED: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class Upstream:
    """The bot's messaging endpoint at ``url``. Close it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = aiohttp.ClientSession(
            connector=Connector(),
            timeout=aiohttp.ClientTimeout(total=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=NOT_ADDED,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def call(self, method: str, query: bytes, headers: Headers, body: bytes) -> aiohttp.ClientResponse:
        """Pass a request on, once; returns as soon as the answer begins.

        Raises:
            aiohttp.ClientError, OSError: no answer came.
        """
        url = URL(f"{self._url}?{query.decode('latin-1')}", encoded=True) if query else URL(self._url, encoded=True)
        passed = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in end_to_end(headers)]
        for left in reversed(range(STALE_CONNECTIONS)):
            content = Body(body)
            try:
                return await self._session.request(method, url, data=content, headers=passed, allow_redirects=False)
            except (aiohttp.ClientError, OSError):
                if not content.stale or not left:
                    raise
        raise AssertionError("the last try returns or raises")


def end_to_end(headers: Headers) -> list[tuple[bytes, bytes]]:
    """A request's headers, in their order, without those that belong to the connection."""
    return [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP | OURS]


def returned(headers: Headers) -> list[tuple[bytes, bytes]]:
    """An answer's headers in their order, without those that belong to the connection; the date is the server's own."""
    return [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP | {b"date"}]
