"""The chat page in a real browser: everybody's message stands in their Teams chat, and nowhere else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from bellwire.cli.demo.cast import CAST, FLOW
from bellwire.cli.demo.performance import Performance, perform
from bellwire.cli.demo.stage import Stage
from bellwire.model.delivery import IfChatActive, State
from bellwire.simulator.chat import Kind
from tests.browser.conftest import Watched

pytestmark = pytest.mark.browser

PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "demo.png"
ELSEWHERE = ("copilot", "m365", "group", "channel")
ADELE, BEN = CAST[:2]


async def played(stage: Stage) -> Performance:
    performance = await perform(stage, lambda *_: None)
    assert performance.held
    return performance


async def test_every_message_stands_in_the_teams_chat_and_nowhere_else(stage: Stage, watched: Watched) -> None:
    performance = await played(stage)
    await watched.page.goto(stage.simulator.url)
    for scene in performance.scenes:
        tile = watched.page.get_by_test_id(f"tile-{scene.actor.aad_object_id}")
        said = scene.part.letter.shown
        chat = tile.get_by_test_id("surface-teams").filter(has_text=said)
        await expect(tile.get_by_test_id("surface-teams")).to_have_count(1)
        sent = scene.part.ends is State.SENT
        await expect(chat).to_have_count(1 if sent and scene.part.place is Kind.TEAMS else 0)
        agent = tile.get_by_test_id("surface-agent").filter(has_text=said)
        await expect(agent).to_have_count(1 if sent and scene.part.place is Kind.AGENT else 0)
        for surface in ELSEWHERE:
            await expect(tile.get_by_test_id(f"surface-{surface}").filter(has_text=said)).to_have_count(0)
    assert watched.complaints == []
    assert {url for url in watched.called if not url.startswith((stage.simulator.url, "data:"))} == set()
    if os.environ.get("BELLWIRE_UPDATE_PICTURES") == "1":
        await watched.page.screenshot(path=PICTURE)


async def test_a_message_appears_while_one_looks(stage: Stage, watched: Watched) -> None:
    ben = stage.simulator.person("Ben Okafor")
    await ben.install()
    await ben.say("What is open today?", "copilot")
    await watched.page.goto(f"{stage.simulator.url}/#/person/{ben.aad_object_id}")
    await expect(watched.page.get_by_test_id("surface-copilot")).to_contain_text("What is open today?")
    await stage.client.send(to=ben.aad_object_id, text=str(BEN.letter.text))
    await expect(watched.page.get_by_test_id("surface-teams")).to_contain_text(str(BEN.letter.text))
    await expect(watched.page.get_by_test_id("surface-copilot")).not_to_contain_text(str(BEN.letter.text))
    assert watched.complaints == []


async def test_a_card_is_drawn_and_its_summary_pops_up(stage: Stage, watched: Watched) -> None:
    adele = stage.simulator.person("Adele Vance")
    await adele.install()
    await watched.page.goto(f"{stage.simulator.url}/#/person/{adele.aad_object_id}")
    await expect(watched.page.get_by_test_id("surface-teams")).to_be_visible()
    letter = ADELE.letter
    await stage.client.send(to=adele.aad_object_id, card=letter.card, summary=letter.summary)
    await expect(watched.page.get_by_test_id("toast")).to_contain_text(str(letter.summary))
    chat = watched.page.get_by_test_id("surface-teams")
    await expect(chat).to_contain_text("€ 1,280")
    await expect(chat.get_by_role("button", name="Open the order").or_(chat.get_by_role("link"))).to_have_count(1)
    assert watched.complaints == []


async def test_somebody_gets_the_agent_and_talks_to_it_by_buttons(stage: Stage, watched: Watched) -> None:
    page, ines = watched.page, stage.simulator.person("Ines Duarte")
    await page.goto(f"{stage.simulator.url}/#/person/{ines.aad_object_id}")
    await page.get_by_test_id("do-get-agent").click()
    await expect(page.get_by_test_id("badge").filter(has_text="has the agent")).to_be_visible()
    sent = await stage.client.send(to=ines.aad_object_id, text="Your holiday is approved.", sender=FLOW)
    await expect(page.get_by_test_id("surface-agent")).to_contain_text("Your holiday is approved.")
    assert (await stage.client.wait(sent.id)).sent
    await page.get_by_test_id("do-talk-to-agent").click()
    await expect(page.get_by_test_id("badge").filter(has_text="talks to the agent")).to_be_visible()
    hasty = await stage.client.send(
        to=ines.aad_object_id, text="Bring a towel.", sender=FLOW, if_chat_active=IfChatActive.GIVE_UP
    )
    assert (await stage.client.wait(hasty.id)).reason == "chat_active"
    await page.get_by_test_id("do-leave-agent").click()
    await expect(page.get_by_test_id("do-talk-to-agent")).to_be_visible()
    assert watched.complaints == []
