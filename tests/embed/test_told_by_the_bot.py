"""The samples of docs/existing-bot.md, pasted into bots on the published SDKs that people talk to on all surfaces.

The one in C# is read, not run: there is no .NET here to compile it with.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from aiohttp import web

from bellwire.simulator import Actor, Simulator
from tests.embed.bots import RunningBot, bot_of, running_bot, without_bellwire
from tests.embed.conftest import environment_or_skip
from tests.embed.environments import KINDS, NODE
from tests.support.service import Running, running

PAGE: Final = (Path(__file__).parents[2] / "docs" / "existing-bot.md").read_text(encoding="utf-8")
BOT_FRAMEWORK: Final = next(kind for kind in KINDS if kind.name == "bot_framework")
ROUTE: Final = re.compile(r"^server\.post\(.*?^}\);\n", re.MULTILINE | re.DOTALL)
LANGUAGES: Final = ("python", "ts", "csharp")


def samples(language: str) -> tuple[str, str]:
    """The two blocks in this language: what tells, and the bot's route that calls it."""
    telling, route = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return telling, route


def pasted(language: str) -> str:
    """A bot with both blocks pasted into it."""
    telling, route = samples(language)
    if language == "ts":
        return ROUTE.sub(lambda _: telling + route, bot_of(NODE.name))
    bot, made = without_bellwire(bot_of(BOT_FRAMEWORK.name)), "app = web.Application()\n"
    assert made in bot
    return bot.replace(made, f"adapter, bot = ADAPTER, BOT\n{telling}\n{route}\n{made}")


@pytest.fixture
async def service(sqlite_url: str) -> AsyncIterator[Running]:
    async with running(sqlite_url) as service:
        yield service


@asynccontextmanager
async def telling(language: str, teams: Simulator, folder: Path, url: str, key: str) -> AsyncIterator[RunningBot]:
    """A bot that tells Bellwire there, and that Teams talks to."""
    environment = await environment_or_skip(NODE if language == "ts" else BOT_FRAMEWORK)
    where = {"BELLWIRE_URL": url, "BELLWIRE_API_KEY": key}
    async with running_bot(pasted(language), folder / "bot", environment, teams, where) as bot:
        teams.bot_endpoint = bot.endpoint
        yield bot


async def talks_everywhere(teams: Simulator) -> Actor:
    """Somebody writes to the bot in Teams, in a group and in Copilot, Copilot last; each time it answers."""
    adele = teams.person("Adele Vance")
    group = teams.group("Lunch", adele)
    await adele.install()
    await group.install(adele)
    for on in ("teams", group.id, "copilot"):
        answer = await adele.say("secret", on=on)
        assert (answer.ok, answer.tries) == (True, 1)
        assert [line.activity["text"] for line in adele.received(on)] == ["You said: secret"]
    return adele


@pytest.mark.parametrize("language", ["python", "ts"])
async def test_a_bot_with_the_sample_tells_enough(language: str, service: Running, tmp_path: Path) -> None:
    async with telling(language, service.teams, tmp_path, service.url, service.key):
        adele = await talks_everywhere(service.teams)
        service.teams.ledger.clear()
        # what is told comes after the bot's answer, perhaps after this call
        sent = await service.client.send(
            to=adele.aad_object_id, text="Your request was approved.", if_unreachable="wait"
        )
        done = await service.client.wait(sent.id)
    assert (done.state, done.conversation_id) == ("sent", adele.chat().id)
    assert [entry.surface for entry in service.teams.ledger.entries] == ["teams"]


@pytest.mark.parametrize("language", ["python", "ts"])
async def test_a_bot_with_the_sample_answers_though_bellwire_does_not(language: str, tmp_path: Path) -> None:
    heard = asyncio.Queue[bytes]()

    async def fail(request: web.Request) -> web.Response:
        heard.put_nowait(await request.read())
        return web.Response(status=503)

    async with (
        serving_only(fail) as url,
        Simulator() as teams,
        telling(language, teams, tmp_path, url, "no-key") as bot,
    ):
        await talks_everywhere(teams)
        bodies = [await heard.get() for _ in teams.courier.answers]
    assert b"secret" not in b"".join(bodies)
    assert "secret" not in bot.log.read_text()


@asynccontextmanager
async def serving_only(answer: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """A server that does nothing but this; its address."""
    application = web.Application()
    application.router.add_post("/v1/activities", answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_samples_tell_the_same_in_every_language(language: str) -> None:
    code = "".join(samples(language))
    assert set(re.findall(r'"(text|attachments|value|summary)"', code)) == {"text", "attachments", "value", "summary"}
    for part in ("/v1/activities", "activities", "Bearer", "BELLWIRE_URL", "BELLWIRE_API_KEY", "400"):
        assert part in code
