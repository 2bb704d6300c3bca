"""The real service, in a process of its own, as somebody would run it."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import aiohttp

from bellwire.errors import Unavailable

KEY = "bench-key-of-no-value-outside-the-bench"
AUTHORIZATION = {"Authorization": f"Bearer {KEY}"}
SERVE = "import sys; from bellwire.cli import main; sys.exit(main(['serve', '--port', sys.argv[1]]))"
READY_WITHIN = 30


class Served(NamedTuple):
    """A running service."""

    url: str
    pid: int


@asynccontextmanager
async def served(settings: dict[str, str], core: int | None) -> AsyncIterator[Served]:
    """The real service on the measured core, on a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVE, str(port)),
        env={**os.environ, **settings, "BELLWIRE_API_KEYS": KEY, "BELLWIRE_LOG_LEVEL": "error"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )
    if core is not None:
        os.sched_setaffinity(process.pid, {core})
    try:
        url = f"http://127.0.0.1:{port}"
        await _ready(url)
        yield Served(url, process.pid)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _ready(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        until = time.monotonic() + READY_WITHIN
        while time.monotonic() < until:
            try:
                async with session.get(f"{url}/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.1)
    raise Unavailable(f"The service was not ready within {READY_WITHIN} s.")
