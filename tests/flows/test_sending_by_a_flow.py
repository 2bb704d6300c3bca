"""A message goes out by a flow: what the flow says of it is what Bellwire says of it."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from bellwire.model.delivery import State
from bellwire.simulator import Bot, Flow, faults

from .stage import SENDER, Stage, stage

CARD = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "Filled in already"}]}
SOON = 20.0


async def test_a_text_and_a_card_arrive_as_the_agent(database_url: str) -> None:
    async with stage(database_url) as scene:
        megan = scene.person("Megan")
        text = await scene.ended(megan)
        card = await scene.ended(megan, None, card=CARD, summary="A card")
        assert [text["state"], card["state"]] == ["sent", "sent"]
        said, shown = scene.teams.ledger.of(megan, "agent")
        assert (said.text, said.activity_id) == ("Hello, from the flow", text["activity_id"])
        assert shown.activity["attachments"][0]["content"] == CARD
        books = await scene.service.client.books()
        assert (books.balanced, books.accepted, books.sent) == (True, 2, 2)


async def test_a_token_with_the_exact_audience_opens_a_flow_that_wants_one(sqlite_url: str) -> None:
    bot = Bot()
    async with stage(sqlite_url, bot=bot, flow=Flow(bot, signature=None, callers={bot.app_id})) as scene:
        assert (await scene.ended(scene.person("Megan")))["state"] == "sent"
        scene.teams.grants.revoke_all()
        assert (await scene.ended(scene.person("Alex")))["state"] == "sent"


async def test_who_lacks_the_agent_is_undeliverable_and_remembered(sqlite_url: str) -> None:
    async with stage(sqlite_url) as scene:
        alex = scene.person("Alex", agent=False)
        first = await scene.ended(alex)
        assert (first["state"], first["reason"], first["whose_move"]) == (
            "undeliverable",
            "agent_not_installed",
            "caller",
        )
        again = await scene.service.call(
            "POST", "/v1/messages", {"to": {"aad_object_id": alex}, "sender": SENDER, "text": "Again"}
        )
        assert (again.status, again.code) == (409, "agent_not_installed")
        person = (await scene.service.call("GET", f"/v1/people/{scene.teams.bot.tenant_id}/{alex}")).body
        (known,) = person["senders"]
        assert (known["reachable"], known["reason"]) == (False, "agent_not_installed")
        assert known["agent_chat"]["absent_at"] is not None
        (told,) = (await scene.service.client.person(alex, tenant_id=scene.teams.bot.tenant_id)).senders
        assert (told.agent_absent_at is None, told.agent_delivered_at) == (False, None)


async def test_who_is_chatting_is_tried_again_until_they_have_done(sqlite_url: str) -> None:
    quick = {"BELLWIRE_WORKER__CHAT_ACTIVE_EVERY": "1"}
    async with stage(sqlite_url, environment=quick) as scene:
        lee = scene.person("Lee", chatting=True)
        accepted = await scene.send(lee)
        waiting = await scene.recorded(accepted, State.QUEUED)
        while not waiting["attempt_count"]:
            waiting = await scene.recorded(accepted, State.QUEUED, State.SENT)
        scene.flow.chatting.clear()
        done = await scene.recorded(accepted)
        assert (done["state"], done["attempts"][0]["code"]) == ("sent", "300")


async def test_a_caller_may_not_want_to_wait_for_a_chats_end(sqlite_url: str) -> None:
    async with stage(sqlite_url) as scene:
        given_up = await scene.ended(scene.person("Lee", chatting=True), if_chat_active="give_up")
        assert (given_up["state"], given_up["reason"]) == ("undeliverable", "chat_active")
        assert given_up["attempt_count"] == 1


async def test_waiting_for_a_chats_end_is_bounded(sqlite_url: str) -> None:
    at_once = {"BELLWIRE_WORKER__CHAT_ACTIVE_FOR": "0"}
    async with stage(sqlite_url, environment=at_once) as scene:
        assert (await scene.ended(scene.person("Lee", chatting=True)))["reason"] == "chat_active"


@pytest.mark.parametrize("on_unknown", ["hold", "resend"])
async def test_202_is_unknown_and_says_what_the_flow_lacks(sqlite_url: str, on_unknown: str) -> None:
    async with stage(sqlite_url) as scene:
        scene.flow.responds = False
        ended = await scene.ended(megan := scene.person("Megan"), on_unknown=on_unknown)
        assert (ended["state"], ended["reason"], ended["attempt_count"]) == ("unknown", "flow_without_response", 1)
        assert len(scene.teams.ledger.of(megan, "agent")) == 1


@pytest.mark.parametrize("status", [500, 502, 504])
@pytest.mark.parametrize("accepted", [True, False])
async def test_a_run_that_fails_leaves_it_unknown(sqlite_url: str, status: int, accepted: bool) -> None:
    async with stage(sqlite_url) as scene:
        scene.teams.faults.add(faults.answer(status, "NoResponse", accepted=accepted))
        ended = await scene.ended(scene.person("Megan"), on_unknown="resend")
        assert (ended["state"], ended["reason"]) == ("unknown", "flow_run_failed")


async def test_a_throttled_flow_is_left_alone_for_as_long_as_it_says(sqlite_url: str) -> None:
    async with stage(sqlite_url) as scene:
        scene.teams.faults.add(faults.throttled(1))
        ended = await scene.ended(scene.person("Megan"))
        first, second = ended["attempts"]
        assert (ended["state"], first["status"], first["retry_at"] <= second["started_at"]) == ("sent", 429, True)


async def test_a_lost_answer_is_unknown(sqlite_url: str) -> None:
    async with stage(sqlite_url) as scene:
        scene.teams.faults.add(faults.answer_lost())
        ended = await scene.ended(scene.person("Megan"))
        assert (ended["state"], ended["reason"]) == ("unknown", "answer_lost")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"on": False}, "flow_turned_off"),
        ({"deleted": True}, "flow_deleted"),
        ({"signature": "made-anew-since"}, "flow_signature_refused"),
    ],
)
async def test_a_flow_out_of_order_halts_its_sender_and_keeps_its_queue(
    sqlite_url: str, change: dict[str, object], reason: str
) -> None:
    async with stage(sqlite_url) as scene:
        halted = scene.service.worker.signals.halted.listen()
        for name, value in change.items():
            setattr(scene.flow, name, value)
        accepted = await scene.send(scene.person("Megan"))
        assert await asyncio.wait_for(halted.get(), SOON) == SENDER
        found = await scene.recorded(accepted, State.QUEUED)
        assert found["state"] == "queued"
        await shown(scene, reason)


async def test_an_address_of_the_old_form_is_named(sqlite_url: str) -> None:
    async with stage(sqlite_url, flow=Flow(Bot(), old_address=True)) as scene:
        halted = scene.service.worker.signals.halted.listen()
        await scene.send(scene.person("Megan"))
        assert await asyncio.wait_for(halted.get(), SOON) == SENDER
        await shown(scene, "flow_address_old")


async def shown(scene: Stage, reason: str) -> None:
    """Readiness gives the reason, and nothing that anybody is told holds the signature."""
    ready = await scene.service.call("GET", "/readyz")
    while reason not in orjson.dumps(ready.body).decode():
        await scene.service.worker.signals.recorded.listen().get()
        ready = await scene.service.call("GET", "/readyz")
    assert ready.status == 503
    metrics = await scene.service.call("GET", "/metrics")
    told = orjson.dumps(ready.body).decode() + str(metrics.body)
    assert "sig=" not in told
    assert str(scene.flow.signature) not in told


async def test_what_a_flow_posted_cannot_be_changed_or_taken_back(sqlite_url: str) -> None:
    async with stage(sqlite_url) as scene:
        sent = await scene.ended(scene.person("Megan"))
        path = f"/v1/deliveries/{sent['id']}/message"
        refused = await scene.service.call("PUT", path, {"text": "Otherwise"})
        assert (refused.status, refused.code) == (409, "sent_by_flow")
        assert (await scene.service.call("DELETE", path)).code == "sent_by_flow"
