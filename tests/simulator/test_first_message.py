"""The shortest way through a Teams: install, write, receive."""

from __future__ import annotations

from bellwire.simulator import Simulator

from .bot import BotClient, BotEndpoint


async def test_an_install_reaches_the_bot_as_teams_would_send_it(sim: Simulator, endpoint: BotEndpoint) -> None:
    megan = sim.person("Megan Bowen")
    answers = await megan.install()
    assert [answer.status for answer in answers] == [200, 200]
    assert endpoint.types() == ["installationUpdate", "conversationUpdate"]
    install, update = endpoint.received
    assert install["action"] == "add"
    assert install["conversation"] == {
        "conversationType": "personal",
        "tenantId": sim.bot.tenant_id,
        "id": megan.chat().id,
    }
    assert install["from"] == {"id": megan.user_id, "aadObjectId": megan.aad_object_id}
    assert [member["id"] for member in update["membersAdded"]] == [sim.bot.account_id, megan.user_id]


async def test_a_message_of_the_bot_lands_in_the_chat_of_the_person(sim: Simulator, client: BotClient) -> None:
    megan = sim.person("Megan Bowen")
    await megan.install()
    opened = await client.create(megan.aad_object_id)
    sent = await client.send(opened.body["id"], "Your pager is ringing")
    assert (opened.status, sent.status) == (201, 201)
    assert opened.body == {"id": megan.chat().id}
    assert [line.id for line in megan.received()] == [sent.body["id"]]
    assert sim.ledger.with_text("Your pager is ringing")[0].person == megan.aad_object_id


async def test_one_person_has_a_different_conversation_on_every_surface(sim: Simulator, endpoint: BotEndpoint) -> None:
    megan = sim.person("Megan Bowen")
    for surface in ("teams", "copilot", "m365"):
        await megan.say("hello", on=surface)
    ids = [activity["conversation"]["id"] for activity in endpoint.received]
    assert len(set(ids)) == 3
    assert [activity["channelData"].get("productContext") for activity in endpoint.received] == [
        None,
        "COPILOT",
        "COPILOT",
    ]
