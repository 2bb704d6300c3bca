"""docs/existing-bot.md, walked from its first command to its last, with the simulated Teams for Microsoft's."""

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

import pytest

from bellwire.client import AsyncClient
from bellwire.simulator import Actor, Simulator
from tests.cli.conftest import clean_environment

PAGE: Final = (Path(__file__).parents[2] / "docs" / "existing-bot.md").read_text(encoding="utf-8")
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


def blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


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


@pytest.fixture
async def adele() -> AsyncIterator[tuple[Simulator, Actor]]:
    """Somebody who has the app and was last met in Copilot."""
    async with Simulator() as teams:
        adele = teams.person("Adele Vance")
        await adele.install()
        yield teams, adele


async def test_every_command_of_the_guide_works_as_written(adele: tuple[Simulator, Actor], tmp_path: Path) -> None:
    teams, person = adele
    run_bellwire, elsewhere, import_kept, send = blocks()
    cloud = {name: value for name, value in teams.settings().items() if "CLOUD" in name}
    shell = Shell(tmp_path, cloud)
    run_bellwire = filled_in(run_bellwire, teams.settings())
    key = (await shell.run(run_bellwire.replace("bellwire serve", ""))).strip()
    serve = run_bellwire.replace('bellwire keys add "my bot"', ":")
    async with served(shell, serve) as url, AsyncClient(url, key=key) as client:
        other = Shell(tmp_path)
        exports = filled_in(elsewhere, {"BELLWIRE_API_KEY": key}).replace("http://127.0.0.1:3978", url)
        (tmp_path / "conversations.json").write_text(json.dumps({person.aad_object_id: "a:1-of-which-surface"}))
        assert "opened" in await other.run(exports + import_kept)
        await other.run(exports + send.replace(SAMPLE_PERSON, person.aad_object_id))
        await teams.ledger.wait_for(1)

        said = [await person.say("hi"), await person.say("hi", on="copilot")]
        assert all(each.taken for each in await client.tell_activities([answer.activity for answer in said]))
        show, hello = (command.replace("OBJECT_ID", person.aad_object_id) for command in to_see())
        shown = await other.run(exports + show)
        assert "teams_personal" in shown
        assert "copilot" in shown
        assert "sent" in await other.run(exports + hello)
    arrived = [(entry.surface, entry.conversation_id, entry.text) for entry in teams.ledger.entries]
    assert arrived == [
        ("teams", person.chat().id, "Your request was approved."),
        ("teams", person.chat().id, "Hello"),
    ]


def to_see() -> list[str]:
    """The commands of the last section that are about one person."""
    return re.findall(r"`(bellwire [^`]*OBJECT_ID[^`]*)`", PAGE.partition("## See that it works")[2])
