"""docs/existing-bot.md and docs/relay.md, walked from the first command to the last, with a simulated Teams."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aiohttp import web

from bellwire.client import AsyncClient
from bellwire.simulator import Actor, Simulator
from tests.cli.conftest import clean_environment

DOCS: Final = Path(__file__).parents[2] / "docs"
GUIDE: Final = (DOCS / "existing-bot.md").read_text(encoding="utf-8")
RELAY: Final = (DOCS / "relay.md").read_text(encoding="utf-8")
KEYS: Final = 'bellwire keys add "my bot"'
UPSTREAM: Final = "http://127.0.0.1:3979/api/messages"
SAMPLE_PERSON: Final = "5d0e1f9c-2b6a-4a53-9f0e-7b1c3c1d2e4f"
PROGRAMS: Final = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"


@dataclass
class Shell:
    """A terminal in one folder; what is exported in it stays."""

    folder: Path
    exported: dict[str, str] = field(default_factory=dict)

    async def start(self, script: str) -> asyncio.subprocess.Process:
        variables = {**clean_environment(), **self.exported, "PATH": PROGRAMS, "COLUMNS": "200"}
        return await asyncio.create_subprocess_exec(
            "sh", "-ec", script, cwd=self.folder, env=variables, stdout=PIPE, stderr=PIPE
        )

    async def run(self, script: str) -> str:
        """What the script says, which has to succeed."""
        process = await self.start(script)
        out, complaints = await process.communicate()
        assert process.returncode == 0, complaints.decode()[-2000:]
        return out.decode()


def filled_in(block: str, given: Mapping[str, str]) -> str:
    """The block with each ``export NAME=...`` as a reader of it would complete it."""
    return re.sub(r"export (\w+)=(?:bw_)?\.\.\.", lambda found: f"export {found[1]}='{given[found[1]]}'", block)


def blocks(page: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def to_see(page: str, person: Actor) -> list[str]:
    """The commands by which a reader sees that it works, about this person."""
    commands = re.findall(r"`(bellwire [^`]*OBJECT_ID[^`]*)`", page.partition("## See that it works")[2])
    return [command.replace("OBJECT_ID", person.aad_object_id) for command in commands]


@asynccontextmanager
async def served(shell: Shell, script: str) -> AsyncIterator[str]:
    """``bellwire serve`` as the script ends with, though on a free port; its address."""
    process = await shell.start(script.replace("bellwire serve", "exec bellwire serve --port 0 --json"))
    assert process.stdout is not None
    try:
        text = b""
        while not text.rstrip().endswith(b"}"):
            line = await process.stdout.readline()
            assert line, "the process ended"
            text += line
        yield str(json.loads(text)["url"])
    finally:
        process.send_signal(signal.SIGTERM)
        await process.communicate()


@asynccontextmanager
async def run_as_written(
    block: str, teams: Simulator, folder: Path, more: Mapping[str, str]
) -> AsyncIterator[tuple[str, str]]:
    """A page's first block: a key is made, and Bellwire serves; where it does, and the key."""
    shell = Shell(folder, {name: value for name, value in teams.settings().items() if "CLOUD" in name})
    script = filled_in(block, teams.settings())
    for written, given in more.items():
        script = script.replace(written, given)
    key = (await shell.run(script.replace("bellwire serve", ":"))).strip()
    async with served(shell, script.replace(KEYS, ":")) as url:
        yield url, key


async def test_every_command_of_the_guide_works_as_written(tmp_path: Path) -> None:
    bellwire, elsewhere, import_kept, send = blocks(GUIDE)
    async with Simulator() as teams, run_as_written(bellwire, teams, tmp_path, {}) as (url, key):
        adele = teams.person("Adele Vance")
        await adele.install()
        (tmp_path / "conversations.json").write_text(json.dumps({adele.aad_object_id: "a:1-of-which-surface"}))
        exports = filled_in(elsewhere, {"BELLWIRE_API_KEY": key}).replace("http://127.0.0.1:3978", url)
        shell = Shell(tmp_path)
        assert "opened" in await shell.run(exports + import_kept)
        await shell.run(exports + send.replace(SAMPLE_PERSON, adele.aad_object_id))
        await teams.ledger.wait_for(1)

        said = [await adele.say("hi"), await adele.say("hi", on="copilot")]
        async with AsyncClient(url, key=key) as client:
            told = await client.tell_activities([answer.activity for answer in said])
        assert all(each.taken for each in told)
        await is_seen_to_work(shell, exports, to_see(GUIDE, adele))
    arrived = [(entry.surface, entry.conversation_id, entry.text) for entry in teams.ledger.entries]
    assert arrived == [("teams", adele.chat().id, text) for text in ("Your request was approved.", "Hello")]


async def test_every_command_of_the_page_on_the_relay_works_as_written(tmp_path: Path) -> None:
    (bellwire,) = blocks(RELAY)
    async with (
        quiet_bot() as upstream,
        Simulator() as teams,
        run_as_written(bellwire, teams, tmp_path, {UPSTREAM: upstream}) as (url, key),
    ):
        adele = teams.person("Adele Vance")
        teams.bot_endpoint = f"{url}/api/messages"
        assert (await adele.say("hi")).body == (await adele.say("hi", on="copilot")).body == b"as ever"
        exports = f"export BELLWIRE_URL={url} BELLWIRE_API_KEY={key}\n"
        await is_seen_to_work(Shell(tmp_path), exports, to_see(RELAY, adele))
    assert [(entry.surface, entry.text) for entry in teams.ledger.entries] == [("teams", "Hello")]


async def is_seen_to_work(shell: Shell, exports: str, commands: list[str]) -> None:
    show, send = commands
    shown = await shell.run(exports + show)
    assert "teams_personal" in shown
    assert "copilot" in shown
    assert "sent" in await shell.run(exports + send)


@asynccontextmanager
async def quiet_bot() -> AsyncIterator[str]:
    """A bot whose answer is always the same; the address of its endpoint."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="as ever")

    application = web.Application()
    application.router.add_post("/api/messages", answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages"
    finally:
        await runner.cleanup()
