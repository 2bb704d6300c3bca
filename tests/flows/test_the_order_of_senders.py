"""A person may be reached by a bot, by a flow, or by both: the caller names one, or the order decides."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bellwire.simulator import Actor

from .stage import Stage, stage

ORDER = {"BELLWIRE_SENDER_ORDER": "alerts,studio"}


@pytest.fixture
async def scene(sqlite_url: str) -> AsyncIterator[Stage]:
    async with stage(sqlite_url, environment=ORDER) as scene:
        yield scene


async def somebody(scene: Stage, *, bot: bool, agent: bool) -> Actor:
    actor = scene.teams.actor(scene.person("Somebody", agent=agent))
    if bot:
        await actor.install()
    return actor


@pytest.mark.parametrize(
    ("bot", "agent", "by"), [(True, True, "alerts"), (True, False, "alerts"), (False, True, "studio")]
)
async def test_the_first_sender_that_reaches_the_person_sends(scene: Stage, bot: bool, agent: bool, by: str) -> None:
    actor = await somebody(scene, bot=bot, agent=agent)
    ended = await scene.ended(actor.aad_object_id, sender=None)
    assert (ended["state"], ended["sender"]) == ("sent", by)


async def test_a_sender_that_is_named_is_the_one_that_sends(scene: Stage) -> None:
    actor = await somebody(scene, bot=True, agent=True)
    assert (await scene.ended(actor.aad_object_id, sender="studio"))["sender"] == "studio"
    assert [entry.surface for entry in scene.teams.ledger.of(actor.aad_object_id)] == ["agent"]


async def test_one_message_to_many_goes_to_each_by_the_sender_that_reaches_them(scene: Stage) -> None:
    by_bot, by_flow = await somebody(scene, bot=True, agent=False), await somebody(scene, bot=False, agent=True)
    people = [by_bot.aad_object_id, by_flow.aad_object_id]
    accepted = await scene.service.call("POST", "/v1/messages/bulk", {"to": people, "text": "To everybody"})
    assert (accepted.status, accepted.body["accepted"]) == (202, 2)
    await scene.teams.ledger.wait_for(2)
    found = {entry.person: entry.surface for entry in scene.teams.ledger.entries}
    assert found == {by_bot.aad_object_id: "teams", by_flow.aad_object_id: "agent"}


async def test_the_people_view_says_by_whom_a_person_is_reached(scene: Stage) -> None:
    actor = await somebody(scene, bot=True, agent=False)
    await scene.ended(actor.aad_object_id, sender="studio")
    found = await scene.service.call("GET", f"/v1/people/{scene.teams.bot.tenant_id}/{actor.aad_object_id}")
    ways = {one["sender"]: (one["reachable"], one["way"] or one["reason"]) for one in found.body["senders"]}
    assert ways == {"alerts": (True, "teams_chat"), "studio": (False, "agent_not_installed")}
