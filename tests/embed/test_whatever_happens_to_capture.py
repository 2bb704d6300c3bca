"""A real bot whose Bellwire raises, hangs, blocks its thread or has no room on the disk answers as if nothing were."""

from __future__ import annotations

from pathlib import Path

import pytest

from bellwire.simulator import Simulator
from tests.embed.bots import bot_of, running_bot
from tests.embed.conftest import environment_or_skip
from tests.embed.environments import KINDS, Kind

TAKE = """
import asyncio, time
from bellwire.service.capture import Capture

async def take(self, app_id, activity):
    {does}

Capture.take = take
"""
TROUBLES = {
    "raises": TAKE.format(does="raise RuntimeError('secret words')"),
    "hangs": TAKE.format(does="await asyncio.Event().wait()"),
    "blocks": TAKE.format(does="time.sleep(600)"),
    "fills the disk": "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))\n",
}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.name != "m365_fastapi"], ids=lambda kind: kind.name)
@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES.keys())
async def test_the_bot_answers_as_if_nothing_were(trouble: str, kind: Kind, tmp_path: Path) -> None:
    environment = await environment_or_skip(kind)
    bot = trouble + bot_of(kind.name)
    async with (
        Simulator() as teams,
        running_bot(bot, tmp_path / "bot", environment, teams, teams.settings()) as running,
    ):
        teams.bot_endpoint = running.endpoint
        adele = teams.person("Adele")
        answers = [*await adele.install(), *[await adele.say(f"hi {number}") for number in range(5)]]
        running.process.kill()  # its end may take as long as the hanging is waited for
    assert all(answer.ok for answer in answers)
    assert {answer.tries for answer in answers} == {1}
    assert [line.activity["text"] for line in adele.received()] == [f"You said: hi {number}" for number in range(5)]
    assert "secret words" not in running.log.read_text()
