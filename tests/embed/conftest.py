"""Environments of packages, and bots that run in them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from bellwire.errors import Unavailable
from tests.embed.bots import RunningBot, bot_of, running_bot, sending_of, with_more, without_bellwire
from tests.embed.environments import KINDS, ROOT, Environment, Kind, NodeKind
from tests.embed.more import ANSWERS_BUTTONS
from tests.embed.recording import RecordingTeams


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture(scope="module")
async def environment(kind: Kind) -> Environment:
    return await environment_or_skip(kind)


async def environment_or_skip(kind: Kind | NodeKind) -> Environment:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{ROOT / '.make' / 'uv' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}")
        try:
            return await kind.environment()
        except Unavailable as error:
            pytest.skip(f"an environment for {kind.name} cannot be had here: {error.detail}")


@dataclass(frozen=True)
class Pair:
    """One simulated Teams, and the same bot twice: as it was before, and with Bellwire."""

    kind: Kind
    teams: RecordingTeams
    before: RunningBot
    after: RunningBot


@pytest.fixture(scope="module")
async def pair(kind: Kind, environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    folder = tmp_path_factory.mktemp(kind.name)
    bot = with_more(bot_of(kind.name), ANSWERS_BUTTONS[kind.name])
    ours = with_more(bot, sending_of(kind.name))
    async with (
        RecordingTeams() as teams,
        running_bot(without_bellwire(bot), folder / "before", environment, teams) as before,
        running_bot(ours, folder / "after", environment, teams, teams.settings()) as after,
    ):
        teams.bot_endpoint = after.endpoint
        yield Pair(kind, teams, before, after)
