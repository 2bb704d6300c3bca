"""How connections to other machines are made: directly, or through the proxy that the environment names."""

from __future__ import annotations

import asyncio
import os
import socket
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from aiohttp import ClientRequest, ClientTimeout
from aiohttp.connector import AddrInfoType
from yarl import URL

from bellwire.model.address import is_number, is_public
from bellwire.model.proxy import Proxies, Proxy

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

KEEP_ALIVE: Final = 4.0
"""Seconds that an idle connection is kept. Common servers close theirs after 5 or more, and a request written to a
connection that the server closes at that moment ends as unknown."""

CONNECT_SECONDS: Final = 10.0

LOOKUP_SECONDS: Final = 2.0
"""For finding out where a name leads that the proxy will look up again; many networks with a proxy know no names."""

MOST_WAYS: Final = 1024
"""How many hosts are remembered with the way that leads to them."""

_TO_PROXY: Final[ContextVar[bool]] = ContextVar("to_proxy", default=False)
"""Whether the connection that is being made leads to the operator's proxy."""


class NotPublic(OSError):
    """The machine to connect to is inside a private network."""


class ProxyFailed(aiohttp.ClientConnectionError):
    """The proxy made no connection, so nothing of the request reached anybody. ``kind`` begins with ``proxy_``."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


KINDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (aiohttp.ConnectionTimeoutError, "connect_timeout"),
    (TimeoutError, "answer_timeout"),
    (aiohttp.ClientConnectorDNSError, "host_not_found"),
    (aiohttp.ClientConnectorCertificateError, "certificate_not_trusted"),
    (aiohttp.ClientSSLError, "tls_failed"),
    (aiohttp.ClientConnectorError, "connect_failed"),
    (aiohttp.ClientResponseError, "not_http"),
    (ValueError, "host_not_found"),  # a host that IDNA or the client refuses to look up
)


def kind_of(error: Exception) -> str:
    """A stable word for what went wrong."""
    if isinstance(error, ProxyFailed):
        return error.kind
    return next((word for kind, word in KINDS if isinstance(error, kind)), "connection_lost")


class Connector(aiohttp.TCPConnector):
    """Makes connections, through the proxy that the environment names for them, if it does.

    The client could read the environment itself, but then would ask it anew in a thread for each request, leave out
    proxies that speak TLS, and take passwords for the hosts that are called out of a ``.netrc``.

    With ``public_only`` a connection that is made here leads to a public address. Where a proxy makes it, the proxy
    looks the name up: refused is then what is written as an address that is not public, and a name that leads to one as
    seen from here. ``limit`` is how many connections there are at most, 0 for any number.

    Raises:
        ConfigError: the environment names a proxy by something that is no address.
    """

    def __init__(self, *, public_only: bool = False, limit: int = 0, **options: Any) -> None:
        self._way_to = lru_cache(MOST_WAYS)(Proxies.named_by(os.environ).way_to)
        self._public_only = public_only
        super().__init__(
            limit=limit,
            keepalive_timeout=KEEP_ALIVE,
            socket_factory=_public_socket if public_only else None,
            **options,
        )

    def proxy_for(self, url: URL) -> Proxy | None:
        """The proxy that is asked for this address; None if it is connected to directly."""
        return self._way_to(url.scheme, url.raw_host or "", url.port)

    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout) -> Connection:
        """A pooled or a new connection.

        Raises:
            ProxyFailed: the proxy refuses, or cannot be reached.
        """
        proxy = self.proxy_for(req.url)
        if proxy is None:
            return await super().connect(req, traces, timeout)
        # Kept out of the proxy's URL, which the client shows in errors. Without TLS there is no tunnel to ask for, and
        # the request itself goes to the proxy.
        login = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else None
        req.update_proxy(URL(proxy.url), None, login)
        if login and not req.is_ssl():
            req.headers.update(login)
        try:
            # Whoever calls without a limit of its own, as the library for tokens does, must not wait for ever.
            async with asyncio.timeout(CONNECT_SECONDS):
                return await super().connect(req, traces, timeout)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error, aiohttp.ClientConnectorError) and error.host == req.host:
                raise  # The tunnel stood: it is the other side's TLS, or it is not public.
            if isinstance(error, aiohttp.ClientHttpProxyError):
                raise ProxyFailed(f"proxy_refused_{error.status}") from None
            kind = "connect_timeout" if isinstance(error, TimeoutError) else kind_of(error)
            raise ProxyFailed(f"proxy_{kind}") from None

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> ResponseHandler:
        if not req.proxy:
            return await super()._create_connection(req, traces, timeout)
        if self._public_only and await self._leads_inside(req):
            raise aiohttp.ClientConnectorError(req.connection_key, NotPublic("the address is not public"))
        to_proxy = _TO_PROXY.set(True)
        try:
            return await super()._create_connection(req, traces, timeout)
        finally:
            _TO_PROXY.reset(to_proxy)

    async def _leads_inside(self, req: ClientRequest) -> bool:
        """Whether the host is not public, as far as that can be told from here."""
        if is_number(req.host):
            return not is_public(req.host)
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                found = await self._resolve_host(req.host, req.port or 0)
        except (OSError, ValueError):
            return False
        return not all(is_public(each["host"]) for each in found)


def _public_socket(info: AddrInfoType) -> socket.socket:
    """A socket for the very address that is connected to next: after every look-up, and before the first packet."""
    family, kind, protocol, _, address = info
    if not _TO_PROXY.get() and not is_public(str(address[0])):
        raise NotPublic("the address is not public")
    return socket.socket(family, kind, protocol)
