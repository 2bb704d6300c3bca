"""POST /v3/conversations: who may be written to first, and who may not."""

from __future__ import annotations

from typing import Any

import pytest

from bellwire.simulator import Bot, Simulator

from .bot import BotClient

OTHER_TENANT = "99999999-9999-4999-8999-999999999999"


async def test_there_is_one_chat_and_create_returns_it_each_time(sim: Simulator, client: BotClient) -> None:
    megan = sim.crowd(1)[0]
    ids = {(await client.create(megan.aad_object_id)).body["id"] for _ in range(3)}
    assert ids == {megan.chat().id}


async def test_a_29_id_means_the_same_person(sim: Simulator, client: BotClient) -> None:
    megan = sim.crowd(1)[0]
    assert (await client.create(megan.user_id)).body == (await client.create(megan.aad_object_id.upper())).body


async def test_who_never_had_the_app_cannot_be_written_to(sim: Simulator, client: BotClient) -> None:
    reply = await client.create(sim.person("Alex Wilber").aad_object_id)
    assert (reply.status, reply.code) == (403, "ForbiddenOperationException")
    assert sim.ledger.openings == []


async def test_who_has_the_app_from_copilot_only_can_be_written_to_in_teams(sim: Simulator, client: BotClient) -> None:
    alex = sim.person("Alex Wilber")
    await alex.say("what is new?", on="m365")
    opened = await client.create(alex.aad_object_id)
    assert opened.status == 201
    assert sim.world.chats[opened.body["id"]].kind == "teams"


async def test_through_a_team_only_the_29_id_is_taken(sim: Simulator, client: BotClient) -> None:
    alex, megan = sim.person("Alex Wilber"), sim.person("Megan Bowen")
    await sim.team("Operations", alex, megan).install(by=megan)
    by_object_id, by_roster_id = await client.create(alex.aad_object_id), await client.create(alex.user_id)
    assert (by_object_id.status, by_object_id.code) == (403, "ForbiddenOperationException")
    assert by_roster_id.status == 201
    assert (await client.send(by_roster_id.body["id"])).status == 201


async def test_a_group_chat_opens_nobody_s_personal_chat(sim: Simulator, client: BotClient) -> None:
    alex = sim.person("Alex Wilber")
    await sim.group("Lunch", alex).install(by=alex)
    assert [(await client.create(member)).status for member in (alex.aad_object_id, alex.user_id)] == [403, 403]


async def test_an_uninstalled_app_cannot_open_the_chat(sim: Simulator, client: BotClient) -> None:
    megan = sim.person("Megan Bowen")
    await megan.install()
    await megan.uninstall()
    assert (await client.create(megan.aad_object_id)).code == "ForbiddenOperationException"


async def test_a_29_id_of_another_bot_is_unknown(sim: Simulator, client: BotClient) -> None:
    other = sim.add_bot(Bot(app_id="33333333-3333-4333-8333-333333333333", name="Other"))
    megan = sim.person("Megan Bowen", bot=other)
    await megan.install()
    reply = await client.create(megan.user_id)
    assert (reply.status, reply.code) == (400, "BadSyntax")


async def test_someone_of_another_tenant_is_not_found_in_this_one(sim: Simulator, client: BotClient) -> None:
    stranger = sim.crowd(1, tenant_id=OTHER_TENANT)[0]
    assert (await client.create(stranger.aad_object_id)).status == 403


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"tenantId": None}, "BadSyntax"),
        ({"tenantId": ""}, "BadSyntax"),
        ({"tenantId": "contoso"}, "BadSyntax"),
        ({"tenantId": OTHER_TENANT}, "BadSyntax"),
        ({"channelData": {"tenant": {"id": OTHER_TENANT}}}, "BadSyntax"),
        ({"channelData": {"tenant": "contoso"}}, "BadSyntax"),
        ({"members": []}, "BadSyntax"),
        ({"members": [{"id": "29:a"}, {"id": "29:b"}]}, "BadSyntax"),
        ({"members": [{"id": "megan@contoso.example"}]}, "BadSyntax"),
        ({"members": "megan"}, "BadArgument"),
        ({"isGroup": True}, "BadArgument"),
        ({"isGroup": "yes"}, "BadArgument"),
        ({"bot": {"id": "28:00000000-0000-0000-0000-000000000000"}}, "BadArgument"),
        ({"activity": {"type": "message"}}, "BadSyntax"),
    ],
)
async def test_a_malformed_create_is_refused(
    sim: Simulator, client: BotClient, changes: dict[str, Any], code: str
) -> None:
    body = {"members": [{"id": sim.crowd(1)[0].aad_object_id}], "tenantId": sim.bot.tenant_id} | changes
    reply = await client.call("POST", "", {key: value for key, value in body.items() if value is not None})
    assert (reply.status, reply.code) == (400, code)


async def test_either_form_of_the_tenant_is_enough_and_both_do_no_harm(sim: Simulator, client: BotClient) -> None:
    member = [{"id": sim.crowd(1)[0].aad_object_id}]
    in_data = {"channelData": {"tenant": {"id": sim.bot.tenant_id}}}
    bot = {"bot": {"id": sim.bot.account_id, "name": "Notify Bot"}, "isGroup": False}
    for form in (in_data, {"tenantId": sim.bot.tenant_id}, {"tenantId": sim.bot.tenant_id, **in_data, **bot}):
        assert (await client.call("POST", "", {"members": member, **form})).status == 201


async def test_a_first_message_goes_along(sim: Simulator, client: BotClient) -> None:
    megan = sim.crowd(1)[0]
    reply = await client.create(megan.aad_object_id, activity={"type": "message", "text": "welcome"})
    assert reply.body == {"id": megan.chat().id, "activityId": megan.received()[0].id}


async def test_asking_for_copilot_opens_a_copilot_conversation_and_is_recorded(
    sim: Simulator, client: BotClient
) -> None:
    megan = sim.crowd(1)[0]
    product = {"productContext": "Copilot", "conversation": {"conversationSubType": "AgentProactive"}}
    reply = await client.create(megan.aad_object_id, channelData=product)
    assert reply.body["id"] == megan.chat("copilot").id != megan.chat().id
    assert [opening.copilot for opening in sim.ledger.openings] == [True]


async def test_a_deleted_chat_gets_another_id(sim: Simulator, client: BotClient) -> None:
    megan = sim.crowd(1)[0]
    old = (await client.create(megan.aad_object_id)).body["id"]
    megan.delete_chat()
    assert (await client.send(old)).code == "ConversationNotFound"
    new = (await client.create(megan.aad_object_id)).body["id"]
    assert new != old
    assert (await client.send(new)).status == 201


async def test_a_conversation_id_may_be_400_characters_long(sim: Simulator, client: BotClient) -> None:
    sim.world.chat_id_length = 400
    opened = await client.create(sim.crowd(1)[0].aad_object_id)
    assert len(opened.body["id"]) == 400
    assert (await client.send(opened.body["id"])).status == 201
