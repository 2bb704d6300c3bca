"""``bellwire serve`` finishes what is in flight when it is told to stop, and ends at once when it is told again."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.cli.test_serve_and_simulate import line_with, pair

FIRST_AND_SECOND = [
    (signal.SIGINT, signal.SIGINT),
    (signal.SIGINT, signal.SIGTERM),
    (signal.SIGTERM, signal.SIGINT),
]


@asynccontextmanager
async def amid_a_delivery(directory: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A service that waits for Teams' answer, which will not come."""
    async with pair(directory) as both:
        person = await both.person()
        both.simulator.send_signal(signal.SIGSTOP)
        try:
            accepted = await both.client.send(to=person, text="It stays in flight.")
            async with asyncio.timeout(30):
                while (await both.client.delivery(accepted.id)).state != "sending":
                    continue
            yield both.service
        finally:
            both.simulator.send_signal(signal.SIGCONT)


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
