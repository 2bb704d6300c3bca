"""Watches every socket of this process: where it connects to, and which names it has resolved."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass
class Sockets:
    """What was called while a watch was on. A Unix socket's place counts as a host without a port."""

    connections: set[tuple[str, int | None]] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def foreign(self, ports: set[int]) -> set[object]:
        """Whatever is neither this machine nor one of these ports."""
        far = {place for place in self.connections if place[0] not in LOOPBACK or place[1] not in ports}
        return far | (self.names - LOOPBACK)


_watching: list[Sockets] = []


@contextlib.contextmanager
def watched_sockets() -> Iterator[Sockets]:
    """Everything that is called within the block; it does not see sockets that uvloop opens."""
    _install()
    sockets = Sockets()
    _watching.append(sockets)
    try:
        yield sockets
    finally:
        _watching.remove(sockets)


def _install() -> None:
    if not getattr(sys, "_bellwire_watches_sockets", False):
        sys._bellwire_watches_sockets = True  # type: ignore[attr-defined]  # an audit hook can never be taken away
        sys.addaudithook(_seen)


def _seen(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watching or not event.startswith("socket."):
        return
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        place = (str(address[0]), int(address[1])) if isinstance(address, tuple) else (str(address), None)
        for sockets in _watching:
            sockets.connections.add(place)
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        for sockets in _watching:
            sockets.names.add(str(arguments[0]))
