"""Teams' own limits over HTTP: 429, when to come back, and the count of excesses."""

from __future__ import annotations

import asyncio
import re

import pytest

from bellwire.simulator import Limits, Simulator, Window

from .bot import BotClient


async def test_the_eighth_message_within_a_second_is_throttled(sim: Simulator, client: BotClient) -> None:
    chat_id = sim.crowd(1)[0].chat().id
    statuses = sorted([reply.status for reply in await asyncio.gather(*(client.send(chat_id) for _ in range(8)))])
    assert statuses == [201] * 7 + [429]
    assert len(sim.ledger.entries) == 7
    assert sim.exceeded == {"send 7/1s": 1}


async def test_the_51st_request_of_a_second_is_throttled_whatever_it_asks(sim: Simulator, client: BotClient) -> None:
    sim.gate.change(Limits(tenant=(Window(50, 60),)))
    crowd = sim.crowd(26)
    await asyncio.gather(*(client.create(person.aad_object_id) for person in crowd[:25]))
    await asyncio.gather(*(client.send(person.chat().id) for person in crowd[:25]))
    late = await client.call("GET", f"/{crowd[0].chat().id}/members")
    assert (late.status, late.code) == (429, "Throttled")
    assert 1 <= int(late.headers["Retry-After"]) <= 60


async def test_tenants_have_a_limit_each(sim: Simulator, client: BotClient) -> None:
    sim.gate.change(Limits(tenant=(Window(1, 60),)))
    there = "99999999-9999-4999-8999-999999999999"
    chats = [sim.crowd(1)[0].chat().id, sim.crowd(1, tenant_id=there)[0].chat().id]
    assert [(await client.send(chat_id)).status for chat_id in chats] == [201, 201]


@pytest.mark.parametrize(("form", "expected"), [("seconds", r"\d+"), ("date", r".* GMT"), ("none", "")])
async def test_when_to_come_back_has_three_forms(sim: Simulator, client: BotClient, form: str, expected: str) -> None:
    sim.gate.change(Limits(tenant=(Window(1, 60),), retry_after=form))
    chat_id = sim.crowd(1)[0].chat().id
    replies = [await client.send(chat_id) for _ in range(2)]
    assert re.fullmatch(expected, replies[1].headers.get("Retry-After", ""))


async def test_without_enforcement_everything_passes_and_is_counted(sim: Simulator, client: BotClient) -> None:
    sim.gate.change(Limits(enforce=False))
    chat_id = sim.crowd(1)[0].chat().id
    assert {reply.status for reply in await asyncio.gather(*(client.send(chat_id) for _ in range(8)))} == {201}
    assert sim.exceeded["send 7/1s"] == 1


async def test_a_refused_token_takes_no_room(sim: Simulator, client: BotClient) -> None:
    sim.gate.change(Limits(tenant=(Window(1, 60),)))
    chat_id = sim.crowd(1)[0].chat().id
    await client.call("GET", f"/{chat_id}/members", headers={"Authorization": "Bearer x"})
    assert (await client.send(chat_id)).status == 201
