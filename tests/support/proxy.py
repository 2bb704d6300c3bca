"""A forward proxy on a real port: tunnels by CONNECT, passes plain http on, or refuses."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

from tests.support.wire import speaking

VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy")


@dataclass
class ForwardProxy:
    """To it every name leads to this machine, so that tests can use names that nobody else knows.

    ``refuses`` is a status that it answers instead, ``login`` the ``user:password`` that it wants, ``silent`` whether
    it says nothing at all. ``asked`` are the first lines that came, ``callers`` and ``open_ends`` its connections.
    """

    url: str = ""
    refuses: int | None = None
    login: str | None = None
    silent: bool = False
    asked: list[str] = field(default_factory=list)
    open_ends: list[asyncio.StreamWriter] = field(default_factory=list)
    callers: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def place(self) -> str:
        """Its ``host:port``."""
        return self.url.partition("://")[2]

    def hang_up(self) -> None:
        """Break all connections that callers have."""
        for caller in self.callers:
            caller.transport.abort()

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its first line to its end."""
        self.callers.append(writer)
        head = await reader.readuntil(b"\r\n\r\n")
        line, _, rest = head.partition(b"\r\n")
        method, target, _ = line.decode().split(" ")
        self.asked.append(f"{method} {target}")
        if self.silent:
            await reader.read()
        status = self._refusal(rest)
        if status is not None:
            more = "Proxy-Authenticate: Basic realm=proxy\r\n" if status == 407 else ""
            writer.write(f"HTTP/1.1 {status} No\r\n{more}Content-Length: 0\r\nRetry-After: 7\r\n\r\n".encode())
            await writer.drain()
            await reader.read()
            return
        place = urlsplit(f"//{target}" if method == "CONNECT" else target)
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", place.port)
        self.open_ends.append(to_writer)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            to_writer.write(f"{method} {place.path or '/'} HTTP/1.1\r\n".encode() + rest)
        await asyncio.gather(_pass(reader, to_writer), _pass(to_reader, writer))

    def _refusal(self, rest: bytes) -> int | None:
        if self.login is not None:
            wanted = f"proxy-authorization: basic {b64encode(self.login.encode()).decode()}".lower().encode()
            if wanted not in rest.lower():
                return 407
        return self.refuses


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    writer.close()


def lead_out(monkeypatch: pytest.MonkeyPatch, url: str, **more: str) -> None:
    """Set the variables to this proxy, and to nothing else."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    for variable, value in {"HTTPS_PROXY": url, "HTTP_PROXY": url, **more}.items():
        monkeypatch.setenv(variable, value)


@contextlib.asynccontextmanager
async def forwarding(*, tls: ssl.SSLContext | None = None) -> AsyncIterator[ForwardProxy]:
    """A proxy for as long as the block runs."""
    proxy = ForwardProxy()
    async with speaking(proxy.speak, tls=tls) as url:
        proxy.url = url.replace("http://127.0.0.1", "https://localhost") if tls else url
        yield proxy
