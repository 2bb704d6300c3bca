"""Each fault does what its name says, to the request that it is meant for, and leaves a record."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import orjson
import pytest
from yarl import URL

from bellwire.simulator import Actor, Flow, Limits, Simulator, Storm, faults
from bellwire.simulator.refusal import Envelope

from .bot import BotClient, BotEndpoint


@pytest.fixture
def megan(sim: Simulator) -> Actor:
    person = sim.crowd(1)[0]
    person.chat()
    return person


@pytest.mark.parametrize("status", [400, 401, 403, 404, 412, 413, 429, 500, 502, 503, 504])
async def test_any_status_can_be_answered_once(sim: Simulator, client: BotClient, megan: Actor, status: int) -> None:
    sim.faults.add(faults.answer(status))
    refused, taken = await client.send(megan.chat().id, "one"), await client.send(megan.chat().id, "two")
    assert (refused.status, taken.status) == (status, 201)
    assert [entry.text for entry in sim.ledger.entries] == ["two"]
    assert [(played.text, played.accepted) for played in sim.faults.played] == [("one", False)]


@pytest.mark.parametrize("envelope", list(Envelope))
@pytest.mark.parametrize(
    "code",
    [
        "BotDisabledByAdmin",
        "BotNotInConversationRoster",
        "ConversationBlockedByUser",
        "ForbiddenOperationException",
        "InvalidBotApiHost",
        "MessageWritesBlocked",
        "NotEnoughPermissions",
    ],
)
async def test_every_403_comes_in_every_envelope(
    sim: Simulator, client: BotClient, megan: Actor, code: str, envelope: Envelope
) -> None:
    sim.faults.add(faults.forbidden(code, envelope=envelope))
    reply = await client.send(megan.chat().id)
    assert reply.status == 403
    if envelope is Envelope.MODERN:
        assert reply.code == code
    elif envelope is Envelope.LEGACY:
        assert orjson.loads(reply.body["message"])["subCode"] == code
    elif envelope is Envelope.HTML:
        assert reply.body.startswith(b"<html>")
    else:
        assert reply.body is None


async def test_throttling_may_say_when_to_come_back(sim: Simulator, client: BotClient, megan: Actor) -> None:
    sim.faults.add(faults.throttled(), faults.throttled(7), faults.throttled(7, as_date=True))
    replies = [await client.send(megan.chat().id) for _ in range(3)]
    assert [reply.status for reply in replies] == [429, 429, 429]
    assert [reply.headers.get("Retry-After") for reply in replies[:2]] == [None, "7"]
    assert replies[2].headers["Retry-After"].endswith(" GMT")


async def test_a_gateway_may_time_out_on_what_was_accepted(sim: Simulator, client: BotClient, megan: Actor) -> None:
    sim.faults.add(faults.answer(504, accepted=True))
    assert (await client.send(megan.chat().id)).status == 504
    assert [entry.answered for entry in sim.ledger.entries] == [False]


async def test_a_lost_answer_is_an_accepted_message(sim: Simulator, client: BotClient, megan: Actor) -> None:
    sim.faults.add(faults.answer_lost())
    with pytest.raises(aiohttp.ClientError):
        await client.send(megan.chat().id, "lost")
    (entry,) = sim.ledger.with_text("lost")
    assert not entry.answered
    assert [(played.accepted, played.activity_id) for played in sim.faults.played] == [(True, entry.activity_id)]


async def test_a_reset_is_no_message(sim: Simulator, client: BotClient, megan: Actor) -> None:
    sim.faults.add(faults.reset())
    with pytest.raises(aiohttp.ClientError):
        await client.send(megan.chat().id)
    assert sim.ledger.entries == []
    assert (await client.send(megan.chat().id)).status == 201


async def test_half_an_answer_is_an_accepted_message(sim: Simulator, client: BotClient, megan: Actor) -> None:
    sim.faults.add(faults.garbled())
    with pytest.raises(orjson.JSONDecodeError):
        await client.send(megan.chat().id)
    assert [entry.answered for entry in sim.ledger.entries] == [False]


@pytest.mark.parametrize("accepted", [True, False])
async def test_a_stall_holds_until_it_is_released(
    sim: Simulator, client: BotClient, megan: Actor, accepted: bool
) -> None:
    sim.faults.add(faults.stall(accepted=accepted))
    sending = asyncio.create_task(client.send(megan.chat().id))
    await sim.events.until(lambda: bool(sim.faults.played))
    assert len(sim.ledger.entries) == accepted
    assert not sending.done()
    sim.player.release()
    assert (await sending).status == 201
    assert len(sim.ledger.entries) == 1
    assert sim.ledger.entries[0].answered


@pytest.mark.parametrize("accepted", [True, False])
async def test_a_stall_may_end_without_an_answer(
    sim: Simulator, client: BotClient, megan: Actor, accepted: bool
) -> None:
    sim.faults.add(faults.stall(0.01, accepted=accepted, drop=True))
    with pytest.raises(aiohttp.ClientError):
        await client.send(megan.chat().id)
    assert [entry.answered for entry in sim.ledger.entries] == ([False] if accepted else [])


async def test_a_stall_may_end_by_itself(sim: Simulator, client: BotClient, megan: Actor) -> None:
    sim.faults.add(faults.stall(0.01))
    assert (await client.send(megan.chat().id)).status == 201


@pytest.mark.parametrize(
    ("deed", "status", "code"),
    [
        (faults.Deed.DELETE_CHAT, 404, "ConversationNotFound"),
        (faults.Deed.UNINSTALL, 403, "BotNotInConversationRoster"),
        (faults.Deed.BLOCK, 403, "ConversationBlockedByUser"),
        (faults.Deed.DISABLE, 403, "BotDisabledByAdmin"),
        (faults.Deed.REVOKE_TOKENS, 401, "AuthorizationError"),
    ],
)
async def test_the_world_may_change_under_a_request(
    sim: Simulator, client: BotClient, megan: Actor, deed: faults.Deed, status: int, code: str
) -> None:
    chat_id = megan.chat().id
    sim.faults.add(faults.Fault(deed))
    refused = await client.send(chat_id)
    assert (refused.status, refused.code) == (status, code)
    assert (await client.send(chat_id)).status == status


async def test_an_uninstall_in_mid_run_is_reported_to_the_bot(
    sim: Simulator, client: BotClient, megan: Actor, endpoint: BotEndpoint
) -> None:
    sim.faults.add(faults.Fault(faults.Deed.UNINSTALL))
    await client.send(megan.chat().id)
    await sim.events.until(lambda: bool(sim.courier.answers))
    assert endpoint.received[0]["action"] == "remove"


async def test_the_clock_may_jump(sim: Simulator, client: BotClient, megan: Actor) -> None:
    sim.faults.add(faults.clock_jump(7200))
    assert (await client.send(megan.chat().id)).status == 201
    assert (await client.send(megan.chat().id)).code == "AuthorizationError"
    await client.sign_in()
    assert (await client.send(megan.chat().id)).status == 201


async def test_a_fault_waits_for_the_request_it_is_meant_for(sim: Simulator, client: BotClient) -> None:
    one, other = sim.crowd(2)
    sim.faults.add(
        faults.answer(500, text="b"),
        faults.answer(502, person=other.aad_object_id),
        faults.answer(503, operation="create"),
        faults.answer(504, times=2),
    )
    assert (await client.create(one.aad_object_id)).status == 503
    assert (await client.send(other.chat().id, "a")).status == 502
    assert [(await client.send(one.chat().id, text)).status for text in "abaa"] == [504, 500, 504, 201]
    assert sim.faults.pending == []
    assert [played.name for played in sim.faults.played] == [
        "503 ServiceUnavailable",
        "502 ServiceError",
        "504 GatewayTimeout",
        "500 ServiceError",
        "504 GatewayTimeout",
    ]


async def test_the_login_fails_only_where_it_is_named(sim: Simulator, client: BotClient, megan: Actor) -> None:
    sim.faults.add(faults.answer(503, operation="token"), faults.reset(operation="token"), faults.answer(500))
    assert (await client.sign_in()).status == 503
    with pytest.raises(aiohttp.ClientError):
        await client.sign_in()
    assert (await client.sign_in()).status == 200
    assert (await client.send(megan.chat().id)).status == 500


async def test_keys_and_metadata_can_fail_too(sim: Simulator, client: BotClient) -> None:
    sim.faults.add(faults.answer(500, operation="keys"), faults.answer(500, operation="metadata"))
    for path in ("keys", "openidconfiguration"):
        for status in (500, 200):
            async with client.session.get(f"{sim.url}/v1/.well-known/{path}") as answer:
                assert answer.status == status
    assert sim.login.asked == {"token": 1, "metadata": 2, "keys": 2}


async def storm_over(sim: Simulator, client: BotClient, order: list[str], **options: Any) -> dict[str, list[int]]:
    """The statuses that each text met in three tries."""
    chances = ((0.2, faults.answer(500)), (0.2, faults.throttled(1)), (0.1, faults.answer(412)))
    sim.faults.storm(Storm(seed=7, chances=chances, **options))
    chat_id = sim.crowd(1)[0].chat().id
    met: dict[str, list[int]] = {text: [] for text in sorted(order)}
    for _ in range(3):
        for text in order:
            met[text].append((await client.send(chat_id, text)).status)
    return met


async def test_a_storm_depends_on_its_seed_and_not_on_the_order(sim: Simulator, client: BotClient) -> None:
    sim.gate.change(Limits(enforce=False))
    texts = [f"message {number}" for number in range(20)]
    first = await storm_over(sim, client, texts)
    second = await storm_over(sim, client, texts[::-1])
    assert first == second
    assert {status for statuses in first.values() for status in statuses} == {201, 412, 429, 500}


async def test_a_storm_may_spare_a_message_after_some_faults(sim: Simulator, client: BotClient) -> None:
    sim.gate.change(Limits(enforce=False))
    met = await storm_over(sim, client, [f"message {number}" for number in range(20)], at_most=1)
    assert max(sum(status != 201 for status in statuses) for statuses in met.values()) == 1


async def test_an_outage_refuses_connections_and_ends(sim: Simulator, client: BotClient, megan: Actor) -> None:
    assert (await client.send(megan.chat().id)).status == 201
    async with sim.unreachable():
        for _ in range(2):
            with pytest.raises(aiohttp.ClientError):
                await client.send(megan.chat().id)
    assert (await client.send(megan.chat().id)).status == 201


async def test_what_a_flow_did_not_post_is_not_recorded_as_accepted(sim: Simulator) -> None:
    flow = sim.flows.add(Flow(sim.bot))
    here, chatting = "11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002"
    flow.installed.update((here, chatting))
    flow.chatting.add(chatting)
    sim.faults.add(faults.answer(502, accepted=True, times=2))
    async with aiohttp.ClientSession() as session:
        for person in (here, chatting):
            said = {"recipient": person, "kind": "text", "text": person}
            async with session.post(URL(flow.address(sim.url), encoded=True), json=said) as answer:
                assert answer.status == 502
    assert [(played.person, played.accepted) for played in sim.faults.played] == [(here, True), (chatting, False)]
    assert [entry.person for entry in sim.ledger.entries] == [here]
