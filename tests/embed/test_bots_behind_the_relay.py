"""Real bots on the published SDKs, in Python and on Node, behind the relay: nobody can tell that it is there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import orjson
import pytest

from bellwire.app import Bellwire
from bellwire.client import AsyncClient
from bellwire.embed.relay import Relay
from bellwire.errors import Unreachable
from bellwire.simulator.activities import message
from bellwire.simulator.signing import Flaw
from bellwire.web.app import create_app
from tests.embed.behaviour import everything, said, talking, told
from tests.embed.bots import RunningBot, bot_of, running_bot, with_more, without_bellwire
from tests.embed.conftest import environment_or_skip
from tests.embed.environments import KINDS, NODE, NODE_BOT, Kind, NodeKind
from tests.embed.more import ANSWERS_BUTTONS
from tests.embed.recording import RecordingTeams
from tests.embed.relayed import relaying
from tests.support.service import settings_from

KEY = "bw_of_the_relay"
REPORT = "Your report is ready."
OF_THE_CONNECTION = {"date", "connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass(frozen=True)
class Scene:
    """A bot as it is without Bellwire, and the Teams that it talks to."""

    name: str
    teams: RecordingTeams
    bot: RunningBot


@pytest.fixture(scope="module", params=(*KINDS, NODE), ids=lambda kind: kind.name)
async def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    kind: Kind | NodeKind = request.param
    environment = await environment_or_skip(kind)
    source = without_bellwire(bot_of(kind.name))
    if kind.name in ANSWERS_BUTTONS:
        source = with_more(source, ANSWERS_BUTTONS[kind.name])
    folder = tmp_path_factory.mktemp(kind.name) / "bot"
    async with RecordingTeams() as teams, running_bot(source, folder, environment, teams) as bot:
        teams.bot_endpoint = bot.endpoint
        yield Scene(kind.name, teams, bot)


@asynccontextmanager
async def relayed(scene: Scene, database_url: str, *, work: bool = False) -> AsyncIterator[tuple[Relay, str]]:
    """A relay in front of the bot, with a Bellwire behind it; and its address."""
    settings = settings_from(scene.teams.settings(), database_url=database_url, api_keys=KEY)
    async with (
        relaying(scene.bot.endpoint) as (relay, url),
        Bellwire.open(settings, work=work) as bellwire,
        relay.before(bellwire, create_app(bellwire)),
    ):
        yield relay, url


async def test_every_turn_is_answered_as_without_it(scene: Scene, sqlite_url: str) -> None:
    activities = await everything(scene.teams, scene.teams.person("Kim"), scene.name)
    before = await told(scene.teams, scene.bot.endpoint, activities)
    async with relayed(scene, sqlite_url) as (relay, url):
        assert before == await told(scene.teams, f"{url}/api/messages", activities)
    assert len(before.sent) == said(activities)
    assert any(body for _, body in before.answers), "an invoke is answered with a body"
    assert relay.counts.offered == relay.counts.taken == len(activities)


async def test_a_message_reaches_everyone_with_a_teams_chat_there_and_nowhere_else(
    scene: Scene, sqlite_url: str
) -> None:
    async with relayed(scene, sqlite_url, work=True) as (_, url), AsyncClient(url, key=KEY) as client:
        scene.teams.bot_endpoint = f"{url}/api/messages"
        crowd = await talking(scene.teams, scene.name)
        scene.teams.bot_endpoint = scene.bot.endpoint
        scene.teams.ledger.clear()
        for person in crowd.reachable:
            await client.send(to=person.aad_object_id, text=REPORT, if_unreachable="wait")  # what is heard last comes
        await scene.teams.ledger.wait_for(3)
        with pytest.raises(Unreachable):
            await client.send(to=crowd.stranger.aad_object_id, text=REPORT)
    entries = scene.teams.ledger.entries
    assert {(each.person, each.surface, each.conversation_id, each.text) for each in entries} == crowd.chats(REPORT)
    assert not scene.teams.ledger.refusals


async def test_what_the_bot_refuses_is_refused_in_its_own_words(scene: Scene, sqlite_url: str) -> None:
    lee = scene.teams.person("Lee")
    activity = orjson.dumps(message(lee.stage(lee.chat()), "hi"))
    requests: list[tuple[bytes, Mapping[str, str]]] = [(activity, {})]
    for flaw in (None, Flaw.FORGED, Flaw.EXPIRED, Flaw.AUDIENCE, Flaw.GARBAGE):
        requests.append((activity if flaw else b"{}", authorized(scene, lee.service_url, flaw)))
    async with relayed(scene, sqlite_url) as (relay, url), aiohttp.ClientSession() as session:
        for body, headers in requests:
            before = await asked(session, scene.bot.endpoint, body, headers)
            assert before == await asked(session, f"{url}/api/messages", body, headers)
            assert before[0] >= 400
    assert relay.counts.taken == 0


def authorized(scene: Scene, service_url: str, flaw: Flaw | None) -> Mapping[str, str]:
    teams = scene.teams
    authorization = teams.signer.authorization(teams.bot.app_id, service_url, teams.clock.now(), flaw)
    assert authorization is not None
    return {"Authorization": authorization}


async def asked(
    session: aiohttp.ClientSession, endpoint: str, body: bytes, headers: Mapping[str, str]
) -> tuple[int, dict[str, str], bytes]:
    """The answer as Teams gets it, without what belongs to the connection."""
    headers = {"Content-Type": "application/json", **headers}
    async with session.post(endpoint, data=body, headers=headers) as answer:
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in OF_THE_CONNECTION}
        return answer.status, kept, await answer.read()


def test_the_packages_for_node_are_pinned_and_may_come_from_any_registry() -> None:
    lock = orjson.loads((NODE_BOT / "package-lock.json").read_bytes())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert all(package["integrity"] for package in packages.values())
    assert not any("resolved" in package for package in packages.values())
