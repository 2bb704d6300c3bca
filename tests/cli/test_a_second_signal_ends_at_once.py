"""``bellwire serve`` finishes what is in flight when it is told to stop, and ends at once when it is told again."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bellwire.client import AsyncClient
from tests.cli.test_serve_and_simulate import KEY, exported, installed_person, line_with, started

FIRST_AND_SECOND = [
    (signal.SIGINT, signal.SIGINT),
    (signal.SIGINT, signal.SIGTERM),
    (signal.SIGTERM, signal.SIGINT),
]


@asynccontextmanager
async def amid_a_delivery(directory: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A service that waits for Teams' answer, which will not come."""
    async with (
        started(directory, "simulate", "--port", "0", env={}) as simulator,
        started(
            directory, "serve", "--port", "0", env={**(printed := await exported(simulator)), "BELLWIRE_API_KEYS": KEY}
        ) as service,
        aiohttp.ClientSession() as session,
        AsyncClient(url := await line_with(service.stderr, r"runs at (http://[^;]+);"), key=KEY) as client,
    ):
        teams = printed["BELLWIRE_CLOUD__GRAPH_URL"].removesuffix("/graph")
        person = await installed_person(session, teams, f"{url}/api/messages")
        simulator.send_signal(signal.SIGSTOP)
        try:
            accepted = await client.send(to=person, text="It stays in flight.")
            async with asyncio.timeout(30):
                while (await client.delivery(accepted.id)).state != "sending":
                    continue
            yield service
        finally:
            simulator.send_signal(signal.SIGCONT)


@pytest.mark.parametrize(("first", "second"), FIRST_AND_SECOND)
async def test_after_the_first_has_been_taken(tmp_path: Path, first: signal.Signals, second: signal.Signals) -> None:
    async with amid_a_delivery(tmp_path) as service:
        service.send_signal(first)
        await line_with(service.stderr, r"(Stopping): finishing what is in flight")
        service.send_signal(second)
        async with asyncio.timeout(10):
            assert await service.wait() == 128 + second


async def test_in_the_same_instant(tmp_path: Path) -> None:
    async with amid_a_delivery(tmp_path) as service:
        service.send_signal(signal.SIGINT)
        service.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            assert await service.wait() in {128 + signal.SIGINT, 128 + signal.SIGTERM}
