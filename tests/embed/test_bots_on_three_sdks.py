"""The bots of docs/embed-python.md, on the published SDKs, before and after Bellwire's two lines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from random import Random

import aiohttp
import pytest

from bellwire.app import Bellwire
from bellwire.simulator import Actor
from bellwire.simulator.chat import Json
from bellwire.web.app import create_app
from tests.embed.bots import OURS, bot_of, without_bellwire
from tests.embed.conftest import Pair
from tests.embed.environments import KINDS
from tests.embed.recording import Sent
from tests.embed.relayed import relaying
from tests.support.service import settings_from

REPORT = "Your report is ready."


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def notified(pair: Pair, session: aiohttp.ClientSession, person: Actor, path: str = "notify") -> int:
    url = f"{pair.after.url}/api/{path}"
    async with session.post(url, params={"to": person.aad_object_id}) as answer:
        return answer.status


@pytest.mark.parametrize("name", [kind.name for kind in KINDS])
def test_the_page_adds_two_lines_to_a_bot(name: str) -> None:
    bot = bot_of(name)
    assert len(bot.splitlines()) - len(without_bellwire(bot).splitlines()) == 2
    assert OURS not in without_bellwire(bot)


async def test_everyone_with_a_teams_chat_gets_the_message_there_and_nowhere_else(
    pair: Pair, session: aiohttp.ClientSession
) -> None:
    adele, bo, cai, dee = (pair.teams.person(name) for name in ("Adele", "Bo", "Cai", "Dee"))
    group, team = pair.teams.group("Lunch", adele, cai), pair.teams.team("Ops", bo, adele)
    deeds: list[Callable[[], Awaitable[object]]] = [
        adele.install,
        dee.install,
        lambda: bo.say("hi", on="copilot"),
        lambda: bo.say("hi"),
        lambda: adele.say("hi", on="copilot"),
        lambda: adele.say("hi", on="m365"),
        lambda: group.install(adele),
        lambda: team.install(bo),
        lambda: adele.say("hi", on=group.id),
        lambda: cai.say("hi", on=group.id),
        lambda: bo.say("hi", on=team.id),
        lambda: adele.say("hi", on=team.id),
    ]
    Random(pair.kind.name).shuffle(deeds)
    for deed in deeds:
        await deed()
    pair.teams.ledger.clear()
    assert [await notified(pair, session, person) for person in (adele, bo, dee)] == [200, 200, 200]
    assert await notified(pair, session, cai) == 500  # known from a group alone: the bot's own code got the error
    await pair.teams.ledger.wait_for(3)
    arrived = {(entry.person, entry.surface, entry.conversation_id, entry.text) for entry in pair.teams.ledger.entries}
    assert arrived == {(each.aad_object_id, "teams", each.chat().id, REPORT) for each in (adele, bo, dee)}
    assert not pair.teams.ledger.refusals


async def test_its_own_replies_are_byte_for_byte_those_of_before(pair: Pair) -> None:
    activities = await everything(pair, pair.teams.person("Megan"))
    before = await told(pair, pair.before.endpoint, activities)
    assert before == await told(pair, pair.after.endpoint, activities)
    assert {status for status, _ in before.answers} <= {200, 201, 202}
    assert any(body for _, body in before.answers), "an invoke is answered with a body"
    assert len(before.sent) == 3


async def everything(pair: Pair, person: Actor) -> list[Json]:
    """What Teams sends of a person who installs, writes on three surfaces, and presses a button."""
    heard = len(pair.teams.courier.answers)
    group = pair.teams.group("Coffee", person)
    await person.install()
    await group.install(person)
    for on in ("teams", "copilot", group.id):
        await person.say("hi", on=on)
    first = next(iter(person.received()))
    await person.press(first.id, {"type": "Action.Execute", "verb": "ok", "data": {}})
    return [answer.activity for answer in pair.teams.courier.answers[heard:]]


@dataclass(frozen=True)
class Behaviour:
    """What a bot answers, with status and body, and every byte that it sends to Teams."""

    answers: list[tuple[int | None, bytes]]
    sent: list[Sent]


async def told(pair: Pair, endpoint: str, activities: list[Json]) -> Behaviour:
    """How the bot there behaves when it is told all this."""
    pair.teams.bot_endpoint = endpoint
    pair.teams.sent.clear()
    answers = [await pair.teams.courier.deliver(pair.teams.bot, activity) for activity in activities]
    pair.teams.bot_endpoint = pair.after.endpoint
    return Behaviour([(answer.status, answer.body) for answer in answers], list(pair.teams.sent))


async def test_behind_the_relay_it_answers_as_without_it(pair: Pair, sqlite_url: str) -> None:
    kim = pair.teams.person("Kim")
    activities = await everything(pair, kim)
    settings = settings_from(pair.teams.settings(), database_url=sqlite_url)
    before = await told(pair, pair.before.endpoint, activities)
    async with relaying(pair.before.endpoint) as (relay, url), Bellwire.open(settings, work=False) as bellwire:
        async with relay.before(bellwire, create_app(bellwire)):
            assert before == await told(pair, f"{url}/api/messages", activities)
        known = await bellwire.people.get(kim.tenant_id, kim.aad_object_id)
    (reach,) = known.senders
    assert reach.reference is not None
    assert reach.reference.conversation_id == kim.chat().id
    assert (relay.counts.offered, relay.counts.taken) == (len(activities), len(activities))


async def test_a_conversation_is_continued_in_the_teams_chat(pair: Pair, session: aiohttp.ClientSession) -> None:
    if pair.kind.name != "bot_framework":
        pytest.skip("only the Bot Framework SDK's code is written around continue_conversation")
    lee = pair.teams.person("Lee")
    await lee.install()
    await lee.say("hi", on="copilot")
    assert await notified(pair, session, lee, "remind") == 200
    assert [line.activity["text"] for line in lee.received()] == ["Here I am again."]
    assert [line.activity["text"] for line in lee.received("copilot")] == ["You said: hi"]
    stranger = pair.teams.person("Stranger")
    assert await notified(pair, session, stranger, "remind") == 500
