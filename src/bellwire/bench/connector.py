"""A Bot Connector that is never the bottleneck: raw protocol on uvloop and httptools, no limits, everything counted.

It runs as a process of its own (``python -m bellwire.bench.connector``), says its address in one JSON line and lives
until its standard input ends. Every activity needs a bearer token and is answered with 201 and an id.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import httptools
import uvloop

MARKER: Final = b"urgent-"
MARKER_LENGTH: Final = len(MARKER) + 8
STATUS: Final = {200: b"OK", 201: b"Created", 401: b"Unauthorized", 404: b"Not Found"}


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def token() -> str:
    """One token of the shape and the length of Entra's, valid for a day; nobody checks its signature."""
    claims = {"aud": "https://api.botframework.com", "exp": int(time.time()) + 86_400, "filler": "x" * 640}
    signature = base64.urlsafe_b64encode(bytes(256)).decode().rstrip("=")
    return f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}.{signature}"


@dataclass(slots=True)
class Count:
    """What came in under one path."""

    accepted: int = 0
    refused: int = 0
    conversations: set[bytes] = field(default_factory=set)


@dataclass(slots=True)
class Tally:
    """What came in since the start, by the path before ``/v3``: each contender has one of its own.

    ``arrivals`` holds the monotonic time at which each marked text came, which every process of the machine shares.
    """

    connections: int = 0
    counts: defaultdict[bytes, Count] = field(default_factory=lambda: defaultdict(Count))
    arrivals: dict[str, float] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """The counts as JSON."""
        return {
            "connections": self.connections,
            "cpu_seconds": time.process_time(),
            "counts": {
                path.decode().strip("/"): {
                    "accepted": count.accepted,
                    "refused": count.refused,
                    "conversations": len(count.conversations),
                }
                for path, count in self.counts.items()
            },
        }


class ConnectorProtocol(asyncio.Protocol):
    """One connection: parses requests, answers each at once."""

    def __init__(self, tally: Tally, bearer: str) -> None:
        self.tally = tally
        self.token_answer = json.dumps({"token_type": "Bearer", "expires_in": 86_400, "access_token": bearer}).encode()
        self.expected = f"Bearer {bearer}".encode()
        self.parser = httptools.HttpRequestParser(self)
        self.transport: asyncio.Transport | None = None
        self.url = b""
        self.body = b""
        self.bearer = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection."""
        self.transport = transport  # type: ignore[assignment]  # asyncio declares the base, a stream is what comes
        self.tally.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the signature is asyncio's
        """Forget the connection."""
        self.transport = None

    def data_received(self, data: bytes) -> None:
        """Feed the parser; what is no HTTP ends the connection."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            if self.transport is not None:
                self.transport.close()

    def on_url(self, url: bytes) -> None:
        """A request begins."""
        self.url, self.body, self.bearer = url, b"", False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Only the token matters."""
        if len(name) == 13 and name.lower() == b"authorization":
            self.bearer = value == self.expected

    def on_body(self, body: bytes) -> None:
        """Keep the body to look for a mark in it."""
        self.body = self.body + body if self.body else body

    def on_message_complete(self) -> None:
        """Answer."""
        status, answer = self.answer()
        if self.transport is not None:
            self.transport.write(
                b"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                % (status, STATUS[status], len(answer), answer)
            )

    def answer(self) -> tuple[int, bytes]:
        """An activity's id, a token, or the bench's own questions."""
        path, found, rest = self.url.partition(b"/v3/conversations/")
        if found:
            return self.take(path, rest.partition(b"/")[0])
        if self.url.endswith((b"/oauth2/v2.0/token", b"/bench/token")):
            return 200, self.token_answer
        if self.url == b"/bench/tally":
            return 200, json.dumps(self.tally.facts()).encode()
        if self.url == b"/bench/arrivals":
            return 200, json.dumps(self.tally.arrivals).encode()
        return 404, b"{}"

    def take(self, path: bytes, conversation: bytes) -> tuple[int, bytes]:
        """Count one activity; a text that begins with the mark has its time of arrival kept."""
        count = self.tally.counts[path]
        if not self.bearer:
            count.refused += 1
            return 401, b'{"error":{"code":"Unauthorized","message":"no bearer token"}}'
        count.accepted += 1
        count.conversations.add(unquote_to_bytes(conversation) if b"%" in conversation else conversation)
        if (at := self.body.find(MARKER)) >= 0:
            self.tally.arrivals[self.body[at : at + MARKER_LENGTH].decode()] = time.monotonic()
        return 201, b'{"id":"%d"}' % (1_700_000_000_000 + count.accepted)


async def serve(port: int) -> None:
    """Listen, say where, and stay until standard input ends."""
    tally, bearer = Tally(), token()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: ConnectorProtocol(tally, bearer), "127.0.0.1", port, backlog=4096)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    sys.stdout.write(json.dumps({"url": url}) + "\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    server.close()


def main() -> None:
    """Run the connector as a process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--core", type=int)
    given = parser.parse_args()
    if given.core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {given.core})
    uvloop.run(serve(given.port))


if __name__ == "__main__":
    main()
