"""A simulator on a free port, and a bot that uses it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from bellwire.simulator import Simulator

from .bot import BotClient, BotEndpoint


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
async def client(sim: Simulator) -> AsyncIterator[BotClient]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        bot = BotClient(sim, session)
        await bot.sign_in()
        yield bot


@pytest.fixture
async def endpoint(sim: Simulator) -> AsyncIterator[BotEndpoint]:
    bot = BotEndpoint()
    application = web.Application()
    application.router.add_post("/api/messages", bot.answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bot.url = sim.bot_endpoint = f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages"
    yield bot
    await runner.cleanup()
