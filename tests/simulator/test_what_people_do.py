"""Every activity in the shape that Teams and Copilot give it (platform reference §1.5 and §2.2)."""

from __future__ import annotations

import socket

import pytest

from bellwire.simulator import Actor, Bot, Simulator

from .bot import BotEndpoint, Json


@pytest.fixture
async def megan(sim: Simulator, endpoint: BotEndpoint) -> Actor:
    person = sim.person("Megan Bowen", locale="de-DE", timezone="Europe/Berlin", country="DE")
    await person.install()
    endpoint.received.clear()
    return person


@pytest.mark.parametrize("action", ["add", "upgrade", "add-upgrade", "remove", "remove-upgrade"])
async def test_all_five_install_actions(sim: Simulator, endpoint: BotEndpoint, megan: Actor, action: str) -> None:
    if action.startswith("remove"):
        await megan.uninstall(action)
    else:
        await megan.install(action)
    (activity,) = endpoint.received
    assert (activity["type"], activity["action"]) == ("installationUpdate", action)
    assert activity["channelData"] == {
        "tenant": {"id": sim.bot.tenant_id},
        "source": {"name": "message"},
        "app": {"id": sim.bot.app_id, "version": sim.bot.app_version},
    }
    assert megan.presence.installed != action.startswith("remove")


async def test_a_reinstall_brings_no_second_conversation_update(endpoint: BotEndpoint, megan: Actor) -> None:
    await megan.uninstall()
    await megan.install()
    assert endpoint.types() == ["installationUpdate", "installationUpdate"]


async def test_a_message_in_teams(sim: Simulator, endpoint: BotEndpoint, megan: Actor) -> None:
    await megan.say("a < b")
    (activity,) = endpoint.received
    assert activity["channelId"] == "msteams"
    assert activity["serviceUrl"] == f"{sim.url}/emea/{sim.bot.tenant_id}/"
    assert activity["from"] == {"id": megan.user_id, "name": "Megan Bowen", "aadObjectId": megan.aad_object_id}
    assert activity["recipient"] == {"id": f"28:{sim.bot.app_id}", "name": sim.bot.name}
    assert activity["conversation"] == {
        "conversationType": "personal",
        "tenantId": sim.bot.tenant_id,
        "id": megan.chat().id,
    }
    assert (activity["text"], activity["textFormat"]) == ("a < b", "plain")
    assert activity["attachments"] == [{"contentType": "text/html", "content": "<p>a &lt; b</p>"}]
    assert activity["entities"][0]["timezone"] == "Europe/Berlin"
    assert activity["localTimestamp"].endswith(("+01:00", "+02:00"))
    assert activity["channelData"] == {"tenant": {"id": sim.bot.tenant_id}}


@pytest.mark.parametrize("host", ["copilot", "m365"])
async def test_a_message_in_copilot(sim: Simulator, endpoint: BotEndpoint, megan: Actor, host: str) -> None:
    await megan.say("what is new?", on=host)
    (activity,) = endpoint.received
    assert activity["channelId"] == "msteams"
    assert activity["conversation"] == {
        "isGroup": True,
        "conversationType": "groupChat",
        "tenantId": sim.bot.tenant_id,
        "id": megan.chat(host).id,
    }
    assert activity["conversation"]["id"].endswith("@thread.v2")
    assert activity["channelData"]["productContext"] == "COPILOT"
    assert {"type": "ProductInfo", "id": "COPILOT"} in activity["entities"]
    assert activity["from"]["name"] == ""


async def test_using_the_bot_in_copilot_is_no_install(sim: Simulator, endpoint: BotEndpoint) -> None:
    alex = sim.person("Alex Wilber")
    await alex.say("hello", on="m365")
    assert endpoint.types() == ["message"]
    assert (alex.presence.state, alex.presence.chat_id) == ("copilot only", None)


async def test_a_patch_makes_any_activity_hostile(endpoint: BotEndpoint, megan: Actor) -> None:
    patch = {
        "conversation": {"isGroup": "True", "conversationType": None},
        "channelData": {"productContext": "Copilot"},
    }
    await megan.say("hello", patch=patch)
    activity = endpoint.received[0]
    assert activity["conversation"]["isGroup"] == "True"
    assert "conversationType" not in activity["conversation"]
    assert activity["channelData"]["productContext"] == "Copilot"


async def test_edit_and_delete(endpoint: BotEndpoint, megan: Actor) -> None:
    await megan.say("helo")
    sent = endpoint.received[0]["id"]
    await megan.edit(sent, "hello")
    await megan.retract(sent)
    edited, deleted = endpoint.received[1:]
    assert (edited["type"], edited["id"], edited["text"]) == ("messageUpdate", sent, "hello")
    assert edited["channelData"]["eventType"] == "editMessage"
    assert (deleted["type"], deleted["id"]) == ("messageDelete", sent)
    assert deleted["channelData"]["eventType"] == "softDeleteMessage"


async def test_reactions_presses_feedback_receipts_and_typing(endpoint: BotEndpoint, megan: Actor) -> None:
    await megan.say("hello")
    line = next(iter(megan.chat().lines))
    await megan.react(line, "heart")
    await megan.react(line, "heart", remove=True)
    await megan.press(line, {"type": "Action.Execute", "verb": "ack", "data": {"id": 1}})
    await megan.give_feedback(line, "dislike", "too late")
    await megan.read(line)
    await megan.typing()
    added, removed, press, feedback, read, typing = endpoint.received[1:]
    assert (added["type"], added["reactionsAdded"], added["replyToId"]) == (
        "messageReaction",
        [{"type": "heart"}],
        line,
    )
    assert removed["reactionsRemoved"] == [{"type": "heart"}]
    assert (press["type"], press["name"], press["replyToId"]) == ("invoke", "adaptiveCard/action", line)
    assert press["value"]["action"]["verb"] == "ack"
    assert feedback["name"] == "message/submitAction"
    assert feedback["value"]["actionValue"] == {"reaction": "dislike", "feedback": "too late"}
    assert (read["type"], read["value"]) == ("event", {"lastReadMessageId": line})
    assert read["name"] == "application/vnd.microsoft.readReceipt"
    assert typing["type"] == "typing"


async def test_leaving_the_organisation(endpoint: BotEndpoint, megan: Actor) -> None:
    await megan.leave_organisation()
    (activity,) = endpoint.received
    assert activity["type"] == "conversationUpdate"
    assert activity["membersRemoved"] == [{"id": megan.user_id, "aadObjectId": megan.aad_object_id}]


async def test_a_group_chat_install_looks_like_copilot_without_its_markers(
    sim: Simulator, endpoint: BotEndpoint, megan: Actor
) -> None:
    group = sim.group("Lunch", megan)
    await group.install(by=megan)
    await megan.say("hello all", on=group.id)
    install, update, message = endpoint.received
    assert install["conversation"]["conversationType"] == "groupChat"
    assert (install["conversation"]["isGroup"], install["action"]) == (True, "add")
    assert update["membersAdded"] == [{"id": sim.bot.account_id}]
    assert "productContext" not in message["channelData"]
    assert [entity["type"] for entity in message["entities"]] == ["mention", "clientInfo"]


async def test_a_team_install_names_team_and_selected_channel(
    sim: Simulator, endpoint: BotEndpoint, megan: Actor
) -> None:
    team = sim.team("Operations", megan, channels=["On call"])
    await team.install(by=megan)
    install, update = endpoint.received
    data: Json = install["channelData"]
    assert data["settings"] == {"selectedChannel": {"id": team.id}}
    assert data["team"]["name"] == "Operations"
    assert install["conversation"]["conversationType"] == "channel"
    assert update["channelData"]["eventType"] == "teamMemberAdded"
    await megan.say("hello", on=team.channel("On call").id)
    message = endpoint.received[-1]
    assert message["channelData"]["channel"] == {"id": team.channel("On call").id}
    assert message["channelData"]["team"]["id"] == team.id
    await team.uninstall(by=megan)
    removal, leaving = endpoint.received[-2:]
    assert removal["action"] == "remove"
    assert leaving["channelData"]["eventType"] == "teamMemberRemoved"


async def test_members_come_and_go_in_groups_and_teams(sim: Simulator, endpoint: BotEndpoint, megan: Actor) -> None:
    alex = sim.person("Alex Wilber")
    for gathering in (sim.group("Lunch", megan), sim.team("Operations", megan)):
        await gathering.add(alex, by=megan)
        assert endpoint.received[-1]["membersAdded"] == [{"id": alex.user_id, "aadObjectId": alex.aad_object_id}]
        assert gathering.chat.members == [megan.aad_object_id, alex.aad_object_id]
        await gathering.remove(alex, by=megan)
        assert endpoint.received[-1]["membersRemoved"][0]["id"] == alex.user_id


async def test_a_moved_service_url_travels_with_the_next_activity(
    sim: Simulator, endpoint: BotEndpoint, megan: Actor
) -> None:
    sim.move_service_url("emea", "amer")
    await megan.say("hello")
    assert endpoint.received[0]["serviceUrl"] == f"{sim.url}/amer/{sim.bot.tenant_id}/"


async def test_each_bot_knows_a_person_by_another_id(sim: Simulator, megan: Actor) -> None:
    other = sim.add_bot(Bot(app_id="33333333-3333-4333-8333-333333333333", name="Other"))
    same = sim.actor(megan.aad_object_id, other)
    assert same.user_id != megan.user_id
    assert same.chat().id != megan.chat().id


async def test_headers_hint_at_conversation_and_tenant(sim: Simulator, endpoint: BotEndpoint, megan: Actor) -> None:
    endpoint.headers.clear()
    await megan.say("hello")
    assert endpoint.headers[0]["x-ms-conversation-id"] == megan.chat().id
    assert endpoint.headers[0]["x-ms-tenant-id"] == sim.bot.tenant_id


async def test_a_bot_that_fails_is_asked_once_more(endpoint: BotEndpoint, megan: Actor) -> None:
    endpoint.status = 503
    answer = await megan.say("hello")
    assert (answer.status, answer.tries, len(endpoint.received)) == (503, 2, 2)
    endpoint.status = 403
    refused = await megan.say("hello")
    assert (refused.status, refused.tries, refused.ok) == (403, 1, False)


async def test_a_bot_that_is_not_there_gives_no_answer(sim: Simulator) -> None:
    answer = await sim.person("Alex Wilber").say("hello")
    assert (answer.status, answer.problem) == (None, "the bot has no endpoint")
    with socket.socket() as bound:  # and never listening
        bound.bind(("127.0.0.1", 0))
        sim.bot_endpoint = f"http://127.0.0.1:{bound.getsockname()[1]}/api/messages"
        assert (await sim.person("Alex Wilber").say("hello")).problem == "ClientConnectorError"


async def test_any_activity_at_all_can_be_delivered(sim: Simulator, endpoint: BotEndpoint) -> None:
    answer = await sim.courier.deliver(sim.bot, {"type": "unheardOf", "conversation": {"id": "a\r\nb: c"}})
    assert answer.status == 200
    assert endpoint.types() == ["unheardOf"]
