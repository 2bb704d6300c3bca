"""Section 6: what the relay in front of a bot adds to a turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median

import aiohttp
from aiohttp import web

from bellwire.bench.figures import quantile
from bellwire.bench.results import Relayed
from bellwire.bench.served import AUTHORIZATION, served
from bellwire.bench.stage import Stage
from bellwire.errors import Unavailable
from bellwire.simulator import Actor, Simulator

ANSWER = b'{"statusCode":200,"type":"application/vnd.microsoft.activity.message","value":"Done"}'
WARM_UP = 20
LEARNT_WITHIN = 10


async def relayed(stage: Stage) -> Relayed:
    """Turns with a bot that answers at once."""
    async with _bot() as bot, Simulator() as teams:
        return await compared(stage, teams, bot)


async def compared(stage: Stage, teams: Simulator, bot: str) -> Relayed:
    """The same turns of one person with the bot itself and through the relay, in alternation, one at a time.

    ``bot`` is the address of an endpoint that trusts ``teams``.
    """
    settings = teams.settings() | {
        "BELLWIRE_RELAY__UPSTREAM_URL": bot,
        "BELLWIRE_DATABASE_URL": f"sqlite+aiosqlite:///{stage.folder / 'relayed.db'}",
    }
    async with served(settings, stage.cores[0]) as service:
        adele = teams.person("Adele Vance")
        ways = {"direct": bot, "relayed": f"{service.url}/api/messages"}
        found = await _turns(stage, teams, adele, ways)
        learnt = await _learnt(service.url, adele, stage.scale.relayed_turns + WARM_UP)
    direct, by_relay = found["direct"], found["relayed"]
    return Relayed(
        turns=len(by_relay),
        learnt=learnt,
        direct_p50_ms=median(direct),
        relayed_p50_ms=median(by_relay),
        added_p50_ms=median(by_relay) - median(direct),
        added_p99_ms=quantile(by_relay, 0.99) - quantile(direct, 0.99),
    )


async def _turns(stage: Stage, teams: Simulator, adele: Actor, ways: dict[str, str]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {way: [] for way in ways}
    for turn in range(-WARM_UP, stage.scale.relayed_turns):
        if turn % 50 == 0:
            stage.told("relay: turns with and without", max(0, turn) / stage.scale.relayed_turns)
        for way, address in ways.items():
            teams.bot_endpoint = address
            began = time.perf_counter()
            answer = await adele.say("Hello")
            took = (time.perf_counter() - began) * 1_000
            if not answer.ok:
                raise Unavailable(f"The bot of the bench answered {answer.status}, {way}.")
            if turn >= 0:
                found[way].append(took)
    return found


async def _learnt(url: str, adele: Actor, most: int) -> int:
    """How many turns the service knows of, ``most`` of them at most; it learns a moment after the turn."""
    address = f"{url}/v1/people/{adele.tenant_id}/{adele.aad_object_id}"
    until, learnt = time.monotonic() + LEARNT_WITHIN, 0
    async with aiohttp.ClientSession(headers=AUTHORIZATION) as session:
        while learnt < most and time.monotonic() < until:
            async with session.get(address) as answer:
                senders = (await answer.json()).get("senders", ())
            learnt = sum(int(seen["count"]) for sender in senders for seen in sender["seen"])
            await asyncio.sleep(0.1)
    return learnt


@asynccontextmanager
async def _bot() -> AsyncIterator[str]:
    """A bot that reads the request and answers at once; the address of its endpoint."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=ANSWER, content_type="application/json")

    application = web.Application()
    application.router.add_post("/api/messages", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages"
    finally:
        await runner.cleanup()
