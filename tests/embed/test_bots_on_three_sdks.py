"""The bots of docs/embed-python.md, on the published SDKs, before and after Bellwire's two lines."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bellwire.simulator import Actor
from tests.embed.behaviour import everything, said, talking, told
from tests.embed.bots import OURS, PAGE, bot_of, without_bellwire
from tests.embed.conftest import Pair
from tests.embed.environments import KINDS

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


def test_every_snippet_of_the_page_is_part_of_a_bot_that_is_run() -> None:
    snippets = re.findall(r"(<!-- .*-->)?\n```python\n", PAGE.read_text())
    assert all(snippets)
    assert {name for snippet in snippets for name in re.findall(r"\w+", snippet)[1:]} == {kind.name for kind in KINDS}


async def test_everyone_with_a_teams_chat_gets_the_message_there_and_nowhere_else(
    pair: Pair, session: aiohttp.ClientSession
) -> None:
    crowd = await talking(pair.teams, pair.kind.name)
    pair.teams.ledger.clear()
    assert [await notified(pair, session, person) for person in crowd.reachable] == [200, 200, 200]
    assert await notified(pair, session, crowd.stranger) == 500  # the bot's own code got the error
    await pair.teams.ledger.wait_for(3)
    arrived = {(entry.person, entry.surface, entry.conversation_id, entry.text) for entry in pair.teams.ledger.entries}
    assert arrived == crowd.chats(REPORT)
    assert not pair.teams.ledger.refusals


async def test_its_own_replies_are_byte_for_byte_those_of_before(pair: Pair) -> None:
    activities = await everything(pair.teams, pair.teams.person("Megan"), pair.kind.name)
    before = await told(pair.teams, pair.before.endpoint, activities)
    assert before == await told(pair.teams, pair.after.endpoint, activities)
    assert len(before.sent) == said(activities)
    assert any(body for _, body in before.answers), "an invoke is answered with a body"


async def test_a_conversation_is_continued_in_the_teams_chat(pair: Pair, session: aiohttp.ClientSession) -> None:
    if pair.kind.extra != "bot-framework":
        pytest.skip("only the Bot Framework SDK's code is written around continue_conversation")
    lee = pair.teams.person("Lee")
    await lee.install()
    await lee.say("hi", on="copilot")
    assert await notified(pair, session, lee, "remind") == 200
    assert [line.activity["text"] for line in lee.received()] == ["Here I am again."]
    assert [line.activity["text"] for line in lee.received("copilot")] == ["You said: hi"]
    stranger = pair.teams.person("Stranger")
    assert await notified(pair, session, stranger, "remind") == 500
