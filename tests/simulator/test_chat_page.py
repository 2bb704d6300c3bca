"""The chat page in a real browser: what a person sees is what was accepted, live, and nothing else happens."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Request, async_playwright, expect

from bellwire.simulator import Actor, Simulator

from .bot import BotClient, BotEndpoint

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
CARD = {
    "contentType": "application/vnd.microsoft.card.adaptive",
    "content": {
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": [{"type": "TextBlock", "text": "Disk **almost** full <img src=x onerror=alert(1)>", "wrap": True}],
        "actions": [{"type": "Action.Execute", "title": "Acknowledge", "verb": "ack", "data": {"id": 7}}],
    },
}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install the distribution's package to see pages"),
]


@dataclass
class Watched:
    """A page, every host that it asked, and everything that went wrong on it."""

    page: Page
    hosts: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    def watch(self) -> None:
        def asked(request: Request) -> None:
            if not request.url.startswith("data:"):
                self.hosts.add(request.url.split("/")[2])

        self.page.on("request", asked)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", lambda said: self.problems.append(said.text) if said.type == "error" else None)
        self.page.on("dialog", lambda dialog: self.problems.append(f"dialog: {dialog.message}"))


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield launched
        await launched.close()


@pytest.fixture
async def watched(sim: Simulator, endpoint: BotEndpoint, browser: Browser) -> AsyncIterator[Watched]:
    view = Watched(await browser.new_page(viewport={"width": 1280, "height": 800}))
    view.watch()
    yield view
    await view.page.close()
    assert view.problems == []
    assert view.hosts <= {f"{sim.host}:{sim.port}"}


async def opened(sim: Simulator, watched: Watched, person: Actor | None = None) -> Page:
    await watched.page.goto(sim.url + (f"/#/person/{person.aad_object_id}" if person else "/"))
    await expect(watched.page.get_by_test_id("live")).to_have_text("live")
    return watched.page


async def test_a_message_appears_live_in_the_teams_chat_and_nowhere_else(
    sim: Simulator, client: BotClient, watched: Watched, tmp_path: Path
) -> None:
    adele, alex = sim.person("Adele Vance"), sim.person("Alex Wilber")
    await adele.say("summarise my incidents", on="copilot")
    await alex.say("what can you do?", on="m365")
    page = await opened(sim, watched)
    await expect(page.get_by_test_id("board").locator("article")).to_have_count(2)
    for person in (adele, alex):
        await client.create(person.aad_object_id)
        await client.send(person.chat().id, "**Invoice 4711** is due", summary="Invoice 4711")
        tile = page.get_by_test_id(f"tile-{person.aad_object_id}")
        await expect(tile.get_by_test_id("surface-teams").locator("strong", has_text="Invoice 4711")).to_be_visible()
    assert await page.get_by_test_id("surface-copilot").locator("[data-from=bot]").count() == 0
    assert await page.get_by_test_id("surface-m365").locator("[data-from=bot]").count() == 0
    await expect(page.get_by_test_id("toast").last).to_contain_text("Invoice 4711")
    picture = await page.screenshot(path=tmp_path / "board.png")
    assert len(picture) > 20_000


async def test_what_a_bot_writes_is_only_ever_text(sim: Simulator, client: BotClient, watched: Watched) -> None:
    adele = sim.person("Adele Vance")
    await adele.install()
    hostile = (
        "<script>alert(1)</script> <img src=x onerror=alert(2)> [press](javascript:alert(3)) [docs](https://a.example)"
    )
    await client.send(adele.chat().id, hostile)
    await client.call("POST", f"/{adele.chat().id}/activities", {"type": "message", "attachments": [CARD]})
    page = await opened(sim, watched, adele)
    teams = page.get_by_test_id("surface-teams")
    await expect(teams.get_by_test_id("card")).to_contain_text("<img src=x onerror=alert(1)>")
    await expect(teams.get_by_test_id("bubble").first).to_contain_text("<script>alert(1)</script>")
    assert await teams.locator("script, img[src=x]").count() == 0
    assert await teams.locator("a").evaluate_all("links => links.map(a => a.href)") == ["https://a.example/"]


async def test_a_card_s_button_reaches_the_bot(
    sim: Simulator, client: BotClient, endpoint: BotEndpoint, watched: Watched
) -> None:
    adele = sim.person("Adele Vance")
    await adele.install()
    sent = await client.call("POST", f"/{adele.chat().id}/activities", {"type": "message", "attachments": [CARD]})
    page = await opened(sim, watched, adele)
    await page.get_by_role("button", name="Acknowledge").click()
    await sim.events.until(lambda: endpoint.types()[-1] == "invoke")
    assert endpoint.received[-1]["replyToId"] == sent.body["id"]
    assert endpoint.received[-1]["value"]["action"]["verb"] == "ack"


async def test_a_person_writes_installs_and_blocks_with_the_page(
    sim: Simulator, endpoint: BotEndpoint, watched: Watched
) -> None:
    adele = sim.person("Adele Vance")
    page = await opened(sim, watched, adele)
    badge = page.locator(".person-head").get_by_test_id("badge")
    await expect(badge).to_have_text("not installed")
    await page.get_by_test_id("do-install").click()
    await expect(badge).to_have_text("installed")
    await page.get_by_test_id("compose-teams").fill("hello from the page")
    await page.get_by_test_id("compose-teams").press("Enter")
    await expect(page.get_by_test_id("surface-teams").get_by_test_id("bubble")).to_contain_text(["hello from the page"])
    await page.get_by_test_id("compose-m365").fill("and in Copilot")
    await page.get_by_test_id("compose-m365").press("Enter")
    await expect(page.get_by_test_id("surface-m365").get_by_test_id("bubble")).to_have_count(1)
    await page.get_by_test_id("do-block").click()
    await expect(badge).to_have_text("blocked")
    await page.get_by_test_id("do-uninstall").click()
    await expect(page.get_by_test_id("do-install")).to_be_visible()
    assert endpoint.types() == ["installationUpdate", "conversationUpdate", "message", "message", "installationUpdate"]


async def test_changed_and_deleted_messages_say_so(sim: Simulator, client: BotClient, watched: Watched) -> None:
    adele = sim.person("Adele Vance")
    await adele.install()
    first, second = [(await client.send(adele.chat().id, text)).body["id"] for text in ("draft", "mistake")]
    page = await opened(sim, watched, adele)
    bubbles = page.get_by_test_id("surface-teams").get_by_test_id("bubble")
    await expect(bubbles).to_have_count(2)
    await client.on_activity("PUT", adele.chat().id, first, {"type": "message", "text": "final"})
    await client.on_activity("DELETE", adele.chat().id, second)
    await expect(bubbles.first).to_contain_text("final")
    await expect(bubbles.first).to_contain_text("Edited")
    await expect(bubbles.last).to_contain_text("This message has been deleted.")


async def test_someone_new_is_added_on_the_page(sim: Simulator, watched: Watched) -> None:
    page = await opened(sim, watched)
    await page.get_by_label("New person's name").fill("Lee Gu")
    await page.get_by_label("New person's name").press("Enter")
    await expect(page.locator(".person-head h2")).to_contain_text("Lee Gu")
    assert [person.name for person in sim.world.people.values()] == ["Lee Gu"]
