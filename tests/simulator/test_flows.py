"""Flows over HTTP alone: made, called, changed; what people have to do with their agent; definitions as they are."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from bellwire.simulator import Simulator

from .test_control_api import Control, control, person

__all__ = ["control"]
STEP: dict[str, Any] = {
    "type": "OpenApiConnection",
    "runAfter": {},
    "inputs": {
        "host": {"operationId": "PostMessageToConversation"},
        "parameters": {
            "poster": "Power Virtual Agents",
            "location": "powerva",
            "body/bot": "cr637_pager",
            "body/recipient": "@triggerBody()?['recipient']",
            "body/messageBody": "@triggerBody()?['text']",
            "body/installedError": "Succeed with status code",
        },
    },
}
RESPONSE: dict[str, Any] = {
    "type": "Response",
    "runAfter": {"Post": ["Succeeded"]},
    "inputs": {"statusCode": 200, "body": {"code": "@body('Post')?['statusCode']"}},
}


def definition(**step: Any) -> dict[str, Any]:
    """A flow of one step and a response, with other parameters for the step."""
    post = {**STEP, "inputs": {**STEP["inputs"], "parameters": {**STEP["inputs"]["parameters"], **step}}}
    return {
        "triggers": {"manual": {"type": "Request", "inputs": {"schema": {"type": "object"}}}},
        "actions": {"Post": post, "Response": RESPONSE},
    }


async def call(control: Control, url: str, to: str, text: str = "Your pager rings") -> tuple[int, Any]:
    body = {"recipient": to, "tenant_id": "t", "kind": "text", "text": text}
    async with control.session.post(url, json=body) as answer:
        return answer.status, await answer.json(content_type=None)


async def signed(control: Control, **details: Any) -> tuple[str, str]:
    """A flow's id and its address."""
    made = await control("POST", "flows", {"signed": True, **details}, 201)
    return made["id"], made["settings"]["BELLWIRE_SENDERS__STUDIO__FLOW_URL"]


async def test_a_message_stands_in_the_chat_with_the_agent_and_nowhere_else(control: Control, sim: Simulator) -> None:
    megan = await person(control)
    _, url = await signed(control)
    assert await call(control, url, megan) == (200, {"code": 100})
    await control("POST", f"people/{megan}/get-agent")
    status, said = await call(control, url, megan)
    assert (status, said["code"]) == (200, 200)
    shown = await control("GET", f"people/{megan}")
    assert shown["agent"] == "installed"
    assert [(surface["kind"], len(surface["lines"])) for surface in shown["surfaces"]] == [("agent", 1)]
    assert [entry.surface for entry in sim.ledger.entries] == ["agent"]


async def test_who_talks_to_the_agent_is_left_alone_until_they_have_done(control: Control) -> None:
    megan = await person(control)
    _, url = await signed(control)
    for deed, body in (("get-agent", None), ("talk-to-agent", {"text": "How many days are left?"})):
        await control("POST", f"people/{megan}/{deed}", body)
    assert (await control("GET", f"people/{megan}"))["agent"] == "chatting"
    assert await call(control, url, megan) == (200, {"code": 300})
    await control("POST", f"people/{megan}/leave-agent")
    assert (await call(control, url, megan))[1]["code"] == 200
    await control("POST", f"people/{megan}/lose-agent")
    assert (await call(control, url, megan))[1]["code"] == 100


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"on": False}, 400),
        ({"deleted": True}, 404),
        ({"old_address": True}, 404),
        ({"sign_anew": True}, 401),
        ({"responds": False}, 202),
        ({"fails_without_agent": True}, 502),
        ({"per_minute": 0}, 429),
    ],
)
async def test_a_flow_can_be_out_of_order(control: Control, change: dict[str, Any], status: int) -> None:
    megan = await person(control)
    flow, url = await signed(control)
    await control("PATCH", f"flows/{flow}", change)
    assert (await call(control, url, megan))[0] == status
    listed = (await control("GET", "flows"))["flows"]
    assert "sig=" not in str(listed)


async def test_a_flow_that_is_not_there_cannot_be_changed(control: Control) -> None:
    await control("PATCH", "flows/default", {}, 404)


@pytest.mark.parametrize(
    ("step", "status"),
    [
        ({}, 200),
        ({"body/bot": "another"}, 502),
        ({"poster": "Flow bot"}, 502),
        ({"body/messageBody": None}, 502),
    ],
)
async def test_a_definition_is_run_as_it_stands(control: Control, step: dict[str, Any], status: int) -> None:
    megan = await person(control)
    _, url = await signed(control, definition=definition(**step))
    await control("POST", f"people/{megan}/get-agent")
    assert (await call(control, url, megan))[0] == status


async def test_a_definition_that_lets_the_step_fail_fails(control: Control) -> None:
    _, url = await signed(control, definition=definition(**{"body/installedError": "Fail"}))
    assert (await call(control, url, await person(control)))[0] == 502


async def test_a_definition_without_a_response_says_only_that_a_run_began(control: Control) -> None:
    mute = definition()
    del mute["actions"]["Response"]
    _, url = await signed(control, definition=mute)
    assert (await call(control, url, await person(control)))[0] == 202


async def test_a_reset_leaves_the_flows_and_takes_the_people(control: Control, sim: Simulator) -> None:
    megan = await person(control)
    await signed(control)
    await control("POST", f"people/{megan}/get-agent")
    await control("POST", "reset")
    assert [flow.installed for flow in sim.flows.all] == [set()]


async def test_without_a_flow_nobody_has_to_do_with_an_agent(control: Control) -> None:
    assert (await control("GET", f"people/{await person(control)}"))["agent"] is None


async def test_a_token_for_the_flows_audience_is_what_an_unsigned_flow_wants(control: Control, sim: Simulator) -> None:
    made = await control("POST", "flows", {"callers": [sim.bot.app_id]}, 201)
    url = made["settings"]["BELLWIRE_SENDERS__STUDIO__FLOW_URL"]
    assert "sig=" not in url
    async with aiohttp.ClientSession() as session, session.post(url, json={}) as answer:
        assert answer.status == 401
