"""Sending, updating and deleting: what Teams takes, and the code of each refusal (platform reference §5)."""

from __future__ import annotations

from typing import Any

import pytest

from bellwire.simulator import Actor, Simulator
from bellwire.simulator.refusal import Envelope
from bellwire.simulator.regions import Region
from bellwire.simulator.rules import Manners

from .bot import BotClient

CARD = {"contentType": "application/vnd.microsoft.card.adaptive", "content": {"type": "AdaptiveCard"}}


@pytest.fixture
async def megan(sim: Simulator) -> Actor:
    person = sim.person("Megan Bowen")
    await person.install()
    return person


async def test_an_accepted_message_is_in_the_ledger(sim: Simulator, client: BotClient, megan: Actor) -> None:
    sent = await client.send(megan.chat().id, "hello", summary="hi")
    entry = sim.ledger.entries[0]
    assert (entry.activity_id, entry.person, entry.surface) == (sent.body["id"], megan.aad_object_id, "teams")
    assert entry.activity["summary"] == "hi"
    assert "MS-CV" in sent.headers


async def test_a_reply_is_a_message_too(sim: Simulator, client: BotClient, megan: Actor) -> None:
    await megan.say("ping")
    asked = next(iter(megan.chat().lines))
    sent = await client.on_activity("POST", megan.chat().id, asked, {"type": "message", "text": "pong"})
    assert (sent.status, megan.received()[0].id) == (201, sent.body["id"])


async def test_an_unknown_conversation_is_not_found(client: BotClient) -> None:
    reply = await client.send("a:1unknown")
    assert (reply.status, reply.code) == (404, "ConversationNotFound")


@pytest.mark.parametrize(
    ("deed", "code"),
    [
        ("drop_app", "BotNotInConversationRoster"),
        ("block", "ConversationBlockedByUser"),
        ("disable", "BotDisabledByAdmin"),
    ],
)
async def test_who_cannot_be_written_to_is_a_403_with_its_code(
    sim: Simulator, client: BotClient, megan: Actor, deed: str, code: str
) -> None:
    getattr(megan, deed)()
    reply = await client.send(megan.chat().id)
    assert (reply.status, reply.code) == (403, code)
    assert [(denial.status, denial.code, denial.person) for denial in sim.ledger.refusals] == [
        (403, code, megan.aad_object_id)
    ]


async def test_the_older_envelope_has_json_in_its_message(sim: Simulator, client: BotClient, megan: Actor) -> None:
    sim.rules.manners = Manners(uninstalled="MessageWritesBlocked", envelope=Envelope.LEGACY)
    megan.drop_app()
    reply = await client.send(megan.chat().id)
    assert reply.status == 403
    assert set(reply.body) == {"errorCode", "message"}
    assert '"subCode": "MessageWritesBlocked"' in reply.body["message"]


async def test_manners_may_differ_for_one_person(sim: Simulator, client: BotClient, megan: Actor) -> None:
    other = sim.crowd(1)[0]
    sim.rules.manners.by_person[megan.aad_object_id] = Manners(blocked="MessageWritesBlocked")
    for person in (megan, other):
        person.block()
    assert [(await client.send(person.chat().id)).code for person in (megan, other)] == [
        "MessageWritesBlocked",
        "ConversationBlockedByUser",
    ]


async def test_a_person_s_own_message_lifts_the_block(client: BotClient, megan: Actor) -> None:
    megan.block()
    await megan.say("let me hear from you again")
    assert (await client.send(megan.chat().id)).status == 201


async def test_a_reinstall_brings_back_the_same_chat(client: BotClient, megan: Actor) -> None:
    before = megan.chat().id
    await megan.uninstall()
    await megan.install()
    assert megan.chat().id == before
    assert (await client.send(before)).status == 201


async def test_a_person_who_left_is_gone(client: BotClient, megan: Actor) -> None:
    await megan.leave_organisation()
    assert (await client.send(megan.chat().id)).code == "ConversationNotFound"


async def test_copilot_in_teams_takes_messages_and_microsoft_365_copilot_does_not(
    client: BotClient, megan: Actor
) -> None:
    for surface in ("copilot", "m365"):
        await megan.say("hello", on=surface)
    assert [(await client.send(megan.chat(surface).id)).status for surface in ("copilot", "m365")] == [201, 403]


async def test_a_group_without_the_bot_is_closed_to_it(sim: Simulator, client: BotClient, megan: Actor) -> None:
    group = sim.group("Lunch", megan)
    assert (await client.send(group.id)).code == "BotNotInConversationRoster"
    await group.install(by=megan)
    assert (await client.send(group.id)).status == 201
    await group.uninstall(by=megan)
    assert (await client.send(group.id)).status == 403


@pytest.mark.parametrize(
    "activity",
    [
        {"type": "message"},
        {"type": "message", "text": ""},
        {"type": "message", "text": 5},
        {"type": "message", "text": "x", "attachments": {}},
        {"type": "message", "text": "x", "channelData": "COPILOT"},
        {"type": "message", "text": "x", "timestamp": "yesterday"},
        {"type": "message", "text": "x", "entities": [{"type": 1}]},
        {"type": "postcard", "text": "x"},
        {"type": "conversationUpdate"},
        {"text": "x"},
        [],
        "hello",
        None,
        b"{",
        b"\xff\xfe",
        b"[" * 5000,
    ],
)
async def test_what_is_no_activity_is_refused(client: BotClient, megan: Actor, activity: Any) -> None:
    body = b"null" if activity is None else activity
    reply = await client.call("POST", f"/{megan.chat().id}/activities", body)
    assert (reply.status, reply.code) in {(400, "BadArgument"), (400, "BadSyntax")}


async def test_only_json_is_read(client: BotClient, megan: Actor) -> None:
    headers = {"Content-Type": "text/plain"}
    reply = await client.call("POST", f"/{megan.chat().id}/activities", {"type": "message"}, headers=headers)
    assert reply.status == 415


async def test_the_size_is_measured_in_utf_16(sim: Simulator, client: BotClient, megan: Actor) -> None:
    around = len('{"type":"message","text":""}')
    fits = "x" * (sim.post.size_limit // 2 - around)
    assert (await client.send(megan.chat().id, fits)).status == 201
    over = await client.send(megan.chat().id, fits + "x")
    assert (over.status, over.code) == (413, "MessageSizeTooBig")
    emoji = "\N{BELL}" * (sim.post.size_limit // 4)
    assert (await client.send(megan.chat().id, emoji)).status == 413


async def test_embedded_images_do_not_count(client: BotClient, megan: Actor) -> None:
    image = "data:image/png;base64," + "A" * 200_000
    card = CARD | {"content": {"type": "AdaptiveCard", "body": [{"type": "Image", "url": image}]}}
    reply = await client.call("POST", f"/{megan.chat().id}/activities", {"type": "message", "attachments": [card]})
    assert reply.status == 201


async def test_text_with_a_card_becomes_two_messages_without_an_id(
    sim: Simulator, client: BotClient, megan: Actor
) -> None:
    reply = await client.send(megan.chat().id, "look", attachments=[CARD])
    assert (reply.status, reply.body) == (201, {})
    assert [sorted(set(entry.activity) - {"type"}) for entry in sim.ledger.entries] == [["text"], ["attachments"]]


async def test_typing_leaves_no_trace(sim: Simulator, client: BotClient, megan: Actor) -> None:
    reply = await client.call("POST", f"/{megan.chat().id}/activities", {"type": "typing"})
    assert (reply.status, reply.body, sim.ledger.entries) == (202, {}, [])


async def test_a_message_can_be_changed_and_deleted_once(sim: Simulator, client: BotClient, megan: Actor) -> None:
    chat_id, sent = megan.chat().id, await client.send(megan.chat().id, "old")
    target = sent.body["id"]
    changed = await client.on_activity("PUT", chat_id, target, {"type": "message", "text": "new"})
    assert (changed.status, changed.body) == (200, {"id": target})
    assert megan.received()[0].activity["text"] == "new"
    removed = await client.on_activity("DELETE", chat_id, target)
    assert (removed.status, removed.body) == (200, None)
    entry = sim.ledger.entries[0]
    assert entry.text == "old"
    assert [update["text"] for update in entry.updates] == ["new"]
    assert entry.deleted_at is not None
    for method in ("PUT", "DELETE"):
        gone = await client.on_activity(method, chat_id, target, {"type": "message", "text": "x"})
        assert (gone.status, gone.code) == (404, "ActivityNotFoundInConversation")


async def test_a_bot_does_not_touch_what_others_wrote(client: BotClient, megan: Actor) -> None:
    await megan.say("mine")
    line = next(iter(megan.chat().lines))
    reply = await client.on_activity("DELETE", megan.chat().id, line)
    assert (reply.status, reply.code) == (403, "NotEnoughPermissions")


async def test_copilot_messages_cannot_be_changed(client: BotClient, megan: Actor) -> None:
    await megan.say("hello", on="copilot")
    sent = await client.send(megan.chat("copilot").id)
    reply = await client.on_activity("PUT", megan.chat("copilot").id, sent.body["id"], {"type": "message", "text": "x"})
    assert reply.status == 400


async def test_a_moved_service_url_answers_as_it_was_told_to(sim: Simulator, client: BotClient, megan: Actor) -> None:
    old = megan.service_url
    sim.move_service_url("emea", "amer", Region.WRONG_HOST)
    path, hello = f"/{megan.chat().id}/activities", {"type": "message", "text": "hello"}
    refused = await client.call("POST", path, hello, service_url=old)
    assert (refused.status, refused.code) == (403, "InvalidBotApiHost")
    assert (await client.call("POST", path, hello, service_url=megan.service_url)).status == 201
    sim.regions.states["emea"] = Region.GONE
    assert (await client.call("POST", path, hello, service_url=old)).status == 404


async def test_unknown_paths_and_methods_are_refused(client: BotClient) -> None:
    assert (await client.call("POST", "/a/b/c/d", {})).status == 404
    wrong = await client.call("PATCH", "/a:1/activities/2", {})
    assert (wrong.status, wrong.headers["Allow"]) == (405, "POST, PUT, DELETE")
