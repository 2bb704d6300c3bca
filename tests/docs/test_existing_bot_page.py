"""The samples of docs/existing-bot.md, pasted into a bot that people talk to on all surfaces."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web

from bellwire.simulator import Actor
from tests.support.service import Running, running

PAGE = (Path(__file__).parents[2] / "docs" / "existing-bot.md").read_text(encoding="utf-8")
TYPES: Final = (": Record<string, unknown>", ": Promise<void>", " as Error")
NODE = shutil.which("node")

Answer = Callable[[web.Request], Awaitable[web.Response]]


def sample(language: str) -> str:
    """The first block in this language."""
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
async def service(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    async with running(sqlite_url) as service:
        monkeypatch.setenv("BELLWIRE_URL", service.url)
        monkeypatch.setenv("BELLWIRE_API_KEY", service.key)
        yield service


@asynccontextmanager
async def bot(answer: Answer) -> AsyncIterator[str]:
    """A bot of its own; the address of its endpoint."""
    application = web.Application()
    application.router.add_post("/api/messages", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages"
    finally:
        await runner.cleanup()


async def talks_everywhere(service: Running) -> Actor:
    """Somebody writes to the bot in Teams, in Copilot and in a group, Copilot last."""
    adele = service.teams.person("Adele Vance")
    group = service.teams.group("Lunch", adele)
    await adele.install()
    await adele.say("secret of Teams")
    await adele.say("secret of the group", on=group.id)
    answers = [await adele.say("secret of Copilot", on="copilot")]
    assert [answer.status for answer in answers] == [200]
    return adele


async def is_reached_in_teams_alone(service: Running, adele: Actor) -> None:
    sent = await service.client.send(to=adele.aad_object_id, text="Your request was approved.")
    done = await service.client.wait(sent.id)
    assert (done.state, done.conversation_id) == ("sent", adele.chat().id)
    assert [entry.surface for entry in service.teams.ledger.entries] == ["teams"]


async def test_the_python_sample_tells_enough_and_nothing_that_people_said(service: Running) -> None:
    pasted: dict[str, Any] = {}
    exec(compile(sample("python"), "sample.py", "exec"), pasted)

    async def messages(request: web.Request) -> web.Response:
        activity = await request.json()
        response = web.Response()
        pasted["tell_soon"](activity)
        return response

    async with bot(messages) as endpoint:
        service.teams.bot_endpoint = endpoint
        adele = await talks_everywhere(service)
        await asyncio.gather(*pasted["telling"])
        await is_reached_in_teams_alone(service, adele)


async def test_the_python_sample_never_breaks_a_turn(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    pasted: dict[str, Any] = {}
    exec(compile(sample("python"), "sample.py", "exec"), pasted)
    monkeypatch.setenv("BELLWIRE_URL", "http://127.0.0.1:9")
    pasted["tell_soon"]({"type": "message", "text": "secret"})
    await asyncio.gather(*pasted["telling"])


@pytest.mark.skipif(NODE is None, reason="there is no Node on this machine")
async def test_the_typescript_sample_tells_enough(service: Running, tmp_path: Path) -> None:
    assert NODE is not None
    script = write_script(tmp_path)
    told: list[asyncio.Task[None]] = []

    async def messages(request: web.Request) -> web.Response:
        told.append(asyncio.create_task(told_by_node(NODE or "", script, await request.text())))
        return web.Response()

    async with bot(messages) as endpoint:
        service.teams.bot_endpoint = endpoint
        adele = await talks_everywhere(service)
        await asyncio.gather(*told)
        await is_reached_in_teams_alone(service, adele)


def write_script(folder: Path) -> Path:
    """The sample without its types, so that any Node runs it, and a call of it."""
    code = sample("ts")
    for kind in TYPES:
        assert kind in code
        code = code.replace(kind, "")
    script = folder / "sample.mjs"
    script.write_text(f"{code}\nawait tellBellwire(JSON.parse(process.argv[2]));\n")
    return script


async def told_by_node(node: str, script: Path, activity: str) -> None:
    assert json.loads(activity)
    run = await asyncio.create_subprocess_exec(node, script, activity, stdout=PIPE, stderr=PIPE)
    out, err = await run.communicate()
    assert (run.returncode, out, err) == (0, b"", b"")
