"""The one outbound HTTP client: pooled, bounded in time and size, and honest about what was written.

A POST to Teams has no idempotency key, so after a failure one question decides: may the other side have acted?
``NoAnswer.written`` answers it. It is False only if it is certain that no byte left: no connection was made, or the
pooled one was found closed before the write. It is True as soon as the request was handed to the socket, even if the
connection turns out to have been closed at the same moment: from here that looks like a server that acted and died.
Through a proxy the same holds: until its tunnel and the TLS inside it stand, nothing of the request was written.
"""

from __future__ import annotations

import asyncio
import select
import ssl
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, cast

import aiohttp
from aiohttp import BytesPayload, ClientHandlerType, ClientRequest, ClientResponse, ClientSession, ClientTimeout
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import StreamWriter
from yarl import URL

from bellwire.connections import CONNECT_SECONDS, Connector, NotPublic, ProxyFailed, kind_of
from bellwire.model.proxy import Proxy

MOST_ANSWER: Final = 1 << 20
"""Bytes of an answer that are read unless the caller says otherwise."""

PEER_CLOSED: Final = getattr(select, "POLLRDHUP", 0)
"""Set by Linux as soon as the other side closed; elsewhere the check before a write is left out."""

STALE_CONNECTIONS: Final = 3
"""How many pooled connections may be found closed, one after the other, before the request is given up."""

FENCE: Final[ContextVar[Callable[[], bool] | None]] = ContextVar("fence", default=None)
"""Asked at the very moment of writing whether this task may still write; where it may not, nothing is written."""

FENCED: Final = "lease_lost"
"""The kind of failure if it may not."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; ``body`` is None if it broke off or was larger than allowed."""

    status: int
    headers: Mapping[str, str]
    body: bytes | None


class NoAnswer(Exception):
    """No answer came. ``kind`` is a stable word for what went wrong; ``written`` whether a byte may have left."""

    def __init__(self, kind: str, *, written: bool) -> None:
        super().__init__(f"{kind}, {'after' if written else 'before'} the request was written")
        self.kind = kind
        self.written = written


class Body(BytesPayload):
    """Bytes to send that know afterwards whether they were handed to the socket.

    The client keeps the headers back until the body's first write, so this also stands for them.
    """

    def __init__(self, content: bytes, content_type: str = "application/json") -> None:
        super().__init__(content, content_type=content_type)
        self._content = content
        self.written = False
        self.stale = False
        self.fenced = False

    async def write_with_length(
        self,
        writer: AbstractStreamWriter,
        content_length: int | None,  # noqa: ARG002 - always the length of the whole body
    ) -> None:
        """Write head and body at once, unless the connection is known to be closed."""
        if _closed_by_peer(writer.transport):
            self.stale = True
            raise ConnectionResetError("the pooled connection was closed before the request was written")
        if not _may_write():
            self.fenced = True
            raise ConnectionAbortedError("the right to write was lost before the request was written")
        # Without draining, what this raises comes from before the socket.
        await cast(StreamWriter, writer).write(self._content, drain=False)
        self.written = True
        await writer.drain()


def timeouts(seconds: float) -> ClientTimeout:
    """At most ``seconds`` for a whole request, of which ten for connecting."""
    connect = min(CONNECT_SECONDS, seconds)
    return ClientTimeout(total=seconds, connect=connect, sock_connect=connect)


def open_session(*, limit_per_host: int = 256, timeout: float = 30.0, public_only: bool = False) -> ClientSession:
    """A pooled session without cookies or compression; the caller closes it.

    ``limit_per_host`` is the number of connections to one host; in all there is no limit, since the hosts are few and
    allowed by name. Certificates are checked against the system's authorities, or those of ``SSL_CERT_FILE``. With
    ``public_only`` no connection is made into a private network, whatever a name resolves to at that moment.

    Raises:
        ConfigError: the environment names a proxy by something that is no address.
    """
    trust = ssl.create_default_context()
    trust.set_alpn_protocols(["http/1.1"])
    return ClientSession(
        connector=Connector(public_only=public_only, limit_per_host=limit_per_host, ssl=trust),
        timeout=timeouts(timeout),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"User-Agent": "bellwire", "Accept": "application/json", "Accept-Encoding": "identity"},
    )


def proxy_for(session: ClientSession, url: URL) -> Proxy | None:
    """The proxy by which these connections reach this address; None if they lead there directly."""
    return session.connector.proxy_for(url) if isinstance(session.connector, Connector) else None


async def exchange(
    session: ClientSession,
    method: str,
    url: URL,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    content_type: str = "application/json",
    timeout: ClientTimeout | None = None,
    most: int = MOST_ANSWER,
) -> Answer:
    """One request, sent at most once and without following redirects; at most ``most`` bytes of the answer are kept.

    Raises:
        NoAnswer: no status line came back.
    """
    for _ in range(STALE_CONNECTIONS):
        body = None if content is None else Body(content, content_type)
        try:
            async with session.request(
                method,
                url,
                data=body,
                headers=headers,
                timeout=timeout or session.timeout,
                allow_redirects=False,
                middlewares=None if method == "POST" else (_once,),
            ) as response:
                if response.status == 407 and url.scheme == "http" and proxy_for(session, url) is not None:
                    raise ProxyFailed("proxy_refused_407")
                return Answer(response.status, response.headers, await _read(response, most))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            lost = _lost(body, error)
            if body is None or not body.stale:
                # The cause would carry the URL into a traceback.
                raise lost from None
    raise lost


class _Fenced(aiohttp.ClientConnectionError):
    """The right to write was lost before the request was made."""


def _may_write() -> bool:
    fence = FENCE.get()
    return fence is None or fence()


async def _once(request: ClientRequest, send: ClientHandlerType) -> ClientResponse:
    """The client repeats idempotent methods by itself when a connection breaks; it does not repeat this error."""
    if not _may_write():
        raise _Fenced
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        raise aiohttp.ClientConnectionError("the connection broke") from None


async def _read(response: ClientResponse, most: int) -> bytes | None:
    try:
        if response.content_length is not None:
            return await response.read() if response.content_length <= most else None
        parts, size = [], 0
        while size <= most and (part := await response.content.readany()):
            parts.append(part)
            size += len(part)
        return b"".join(parts) if size <= most else None
    except (aiohttp.ClientError, OSError):
        return None


def _closed_by_peer(transport: asyncio.BaseTransport | None) -> bool:
    sock: Any = transport and transport.get_extra_info("socket")
    if not PEER_CLOSED or sock is None:
        return False
    poll = select.poll()
    try:
        poll.register(sock.fileno(), PEER_CLOSED)
        return bool(poll.poll(0))
    except (OSError, ValueError):
        return True


def _lost(body: Body | None, error: Exception) -> NoAnswer:
    if isinstance(error, _Fenced) or (body is not None and body.fenced):
        return NoAnswer(FENCED, written=False)
    if isinstance(error, ProxyFailed):
        return NoAnswer(error.kind, written=False)
    kind = kind_of(error)
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, NotPublic):
        kind = "address_not_public"
    if body is not None:
        written = body.written
    else:
        before = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL, UnicodeError)
        written = not isinstance(error, before)
    return NoAnswer("connect_timeout" if kind == "answer_timeout" and not written else kind, written=written)
