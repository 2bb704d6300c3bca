"""Who is in a conversation."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from bellwire.simulator import Limits, Simulator

from .bot import BotClient, Json


async def members(client: BotClient, chat_id: str, rest: str) -> list[Json]:
    reply = await client.call("GET", f"/{quote(chat_id, safe='')}/{rest}")
    assert reply.status == 200
    found: list[Json] = reply.body["members"] if "aged" in rest else reply.body
    return found


async def test_a_personal_chat_has_one_member_beside_the_bot(sim: Simulator, client: BotClient) -> None:
    megan = sim.person("Megan Bowen")
    await megan.install()
    (account,) = await members(client, megan.chat().id, "members")
    assert account["id"] == megan.user_id
    assert (account["aadObjectId"], account["userPrincipalName"]) == (megan.aad_object_id, megan.person.upn)
    assert (account["givenName"], account["surname"], account["tenantId"]) == ("Megan", "Bowen", megan.tenant_id)
    assert await members(client, megan.chat().id, "pagedMembers") == [account]
    for name in (megan.user_id, megan.aad_object_id):
        reply = await client.call("GET", f"/{quote(megan.chat().id, safe='')}/members/{quote(name, safe='')}")
        assert reply.body == account


async def test_pages_follow_each_other_to_the_end(sim: Simulator, client: BotClient) -> None:
    sim.gate.change(Limits(enforce=False))
    crowd = sim.crowd(25)
    team = sim.team("Everybody", *crowd)
    await team.install(by=crowd[0])
    seen, token = [], ""
    while True:
        query = f"pagedMembers?pageSize=10{f'&continuationToken={token}' if token else ''}"
        reply = await client.call("GET", f"/{quote(team.id, safe='')}/{query}")
        seen += [account["aadObjectId"] for account in reply.body["members"]]
        token = reply.body.get("continuationToken", "")
        if not token:
            break
    assert seen == [actor.aad_object_id for actor in crowd]


@pytest.mark.parametrize("query", ["pageSize=0", "pageSize=x", "continuationToken=!", "continuationToken=Zm9v"])
async def test_a_page_that_makes_no_sense_is_refused(sim: Simulator, client: BotClient, query: str) -> None:
    chat_id = sim.crowd(1)[0].chat().id
    assert (await client.call("GET", f"/{chat_id}/pagedMembers?{query}")).status == 400


async def test_a_stranger_is_no_member(sim: Simulator, client: BotClient) -> None:
    one, other = sim.crowd(2)
    reply = await client.call("GET", f"/{one.chat().id}/members/{other.aad_object_id}")
    assert (reply.status, reply.code) == (404, "MemberNotFoundInConversation")
