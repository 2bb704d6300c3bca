"""Where a section plays: a folder of its own, the connector on one core, what is measured on the other."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bellwire.bench.machine import Cores, cores
from bellwire.bench.peer import Peer, peer
from bellwire.bench.scale import Scale

Told = Callable[[str, float], None]
"""What a section calls to say what it does, and which share of it is done."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The sizes, a scratch folder, the connector's address, where progress is told, and the two cores, if any."""

    scale: Scale
    folder: Path
    connector: str
    told: Told
    cores: Cores

    def pinned(self, which: int) -> list[str]:
        """The argument that puts a process on the first (measured) or the second core."""
        return _pinned(self.cores[which])

    async def tally(self, path: str) -> dict[str, int]:
        """What the connector counted under this path."""
        counts: dict[str, dict[str, int]] = (await fetched(f"{self.connector}/bench/tally"))["counts"]
        return counts.get(path, {"accepted": 0, "refused": 0, "conversations": 0})

    async def arrivals(self) -> dict[str, float]:
        """When each marked message arrived, on the machine's monotonic clock."""
        arrivals: dict[str, float] = await fetched(f"{self.connector}/bench/arrivals")
        return arrivals

    @asynccontextmanager
    async def subject(
        self, name: str, *arguments: str, people: int | None = None, env: Mapping[str, str] | None = None
    ) -> AsyncIterator[Peer]:
        """A Bellwire in a process of its own, on the measured core, with a new database."""
        command = [sys.executable, "-m", "bellwire.bench.subject", "--url", f"{self.connector}/{name}"]
        command += ["--database", str(self.folder / f"{name}.db"), *self.pinned(0), *arguments]
        command += ["--people", str(people or self.scale.people)]
        async with peer(name, command, env) as opened:
            yield opened


@asynccontextmanager
async def stage(scale: Scale, told: Told, scratch: Path | None = None, pin: bool = True) -> AsyncIterator[Stage]:
    """Start the connector and make the folder; both are gone afterwards. Without ``pin``, all may use every core."""
    chosen = cores() if pin else (None, None)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bellwire-bench-", dir=scratch))
        command = [sys.executable, "-m", "bellwire.bench.connector", *_pinned(chosen[1])]
        connector = await stack.enter_async_context(peer("connector", command))
        yield Stage(scale, Path(folder), str(connector.hello["url"]), told, chosen)


def _pinned(core: int | None) -> list[str]:
    return [] if core is None else ["--core", str(core)]


async def fetched(url: str) -> Any:
    """A small JSON document of the bench's own connector."""

    def fetch() -> Any:
        with urllib.request.urlopen(url) as answer:  # noqa: S310 - the bench's own connector, on loopback
            return json.load(answer)

    return await asyncio.to_thread(fetch)
