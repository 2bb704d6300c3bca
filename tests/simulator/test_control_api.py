"""Everything that Python can do to the simulator, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
import pytest

from bellwire.simulator import Simulator

from .bot import BotClient, BotEndpoint


@dataclass
class Control:
    session: aiohttp.ClientSession
    url: str

    async def __call__(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        async with self.session.request(method, f"{self.url}/control/{path}", json=body) as answer:
            document = await answer.json()
            assert answer.status == status, document
            return document


@pytest.fixture
async def control(sim: Simulator) -> AsyncIterator[Control]:
    async with aiohttp.ClientSession() as session:
        yield Control(session, sim.url)


async def person(control: Control, **details: Any) -> str:
    created = await control("POST", "people", {"name": "Megan Bowen"} | details, 201)
    return str(created["aad_object_id"])


async def test_administrators_decide_for_everybody_and_for_some(control: Control, sim: Simulator) -> None:
    megan, nestor = await person(control), await person(control, name="Nestor")
    await control("PATCH", "policies", {"everybody": False, "people": {megan: True}})
    shown = [(await control("GET", f"people/{each}"))["disabled"] for each in (megan, nestor)]
    assert shown == [False, True]
    decided = await control("PATCH", "policies", {"app_blocked": True, "custom_apps": False})
    assert (decided["blocked"], decided["custom_apps"]) == ([sim.bot.app_id], False)
    assert (await control("GET", f"people/{megan}"))["disabled"]


async def test_an_app_registration_gets_other_secrets(control: Control, sim: Simulator) -> None:
    await control(
        "PUT", "graph/secrets", {"secrets": [{"days": 20}, {"days": -1, "hint": "xyz"}, {"days": 1, "hint": None}]}
    )
    now = sim.clock.now()
    listed = sim.entra.secrets(sim.bot, now)
    assert [each.hint for each in listed] == [sim.bot.secret[:3], "xyz", None]
    assert [each.ends_at > now for each in listed] == [True, False, True]
    await control("PUT", "graph/secrets", {"secrets": [{"days": 1e9}]}, 400)


async def test_a_person_is_made_acts_and_is_shown(control: Control, endpoint: BotEndpoint) -> None:
    megan = await person(control, locale="de-DE", timezone="Europe/Berlin")
    done = await control("POST", f"people/{megan}/install")
    assert [answer["status"] for answer in done["answers"]] == [200, 200]
    await control("POST", f"people/{megan}/say", {"text": "hello", "on": "copilot", "patch": {"id": "7"}})
    assert endpoint.received[-1]["id"] == "7"
    shown = await control("GET", f"people/{megan}")
    assert (shown["state"], shown["locale"]) == ("installed", "de-DE")
    assert [surface["kind"] for surface in shown["surfaces"]] == ["teams", "copilot"]
    assert [line["text"] for line in shown["surfaces"][1]["lines"]] == ["hello"]
    listed = await control("GET", "people?surfaces=1")
    assert listed["people"] == [shown]


@pytest.mark.parametrize(
    ("deed", "body", "state"),
    [
        ("uninstall", {"action": "remove-upgrade"}, "uninstalled"),
        ("block", None, "blocked"),
        ("disable", None, "disabled"),
        ("leave", None, "deleted"),
        ("move", {"region": "amer"}, "installed"),
        ("delete-chat", None, "installed"),
        ("typing", None, "installed"),
    ],
)
async def test_deeds_change_the_state(
    control: Control, endpoint: BotEndpoint, deed: str, body: Any, state: str
) -> None:
    megan = await person(control)
    await control("POST", f"people/{megan}/install")
    await control("POST", f"people/{megan}/{deed}", body)
    assert (await control("GET", f"people/{megan}"))["state"] == state


async def test_deeds_undo_each_other(control: Control) -> None:
    megan = await person(control)
    for deed in ("install", "block", "unblock", "disable", "enable"):
        await control("POST", f"people/{megan}/{deed}")
    assert (await control("GET", f"people/{megan}"))["state"] == "installed"


async def test_deeds_on_messages(sim: Simulator, control: Control, client: BotClient, endpoint: BotEndpoint) -> None:
    megan = await person(control)
    await control("POST", f"people/{megan}/install")
    sent = (await client.send(sim.actor(megan).chat().id, "look")).body["id"]
    await control("POST", f"people/{megan}/react", {"message_id": sent})
    await control("POST", f"people/{megan}/press", {"message_id": sent, "action": {"verb": "ack"}})
    await control("POST", f"people/{megan}/feedback", {"message_id": sent, "reaction": "dislike"})
    await control("POST", f"people/{megan}/read", {"message_id": sent})
    said = (await control("POST", f"people/{megan}/say", {"text": "helo"}))["answers"][0]["activity"]["id"]
    await control("POST", f"people/{megan}/edit", {"message_id": said, "text": "hello"})
    await control("POST", f"people/{megan}/retract", {"message_id": said})
    assert endpoint.types()[2:] == [
        "messageReaction",
        "invoke",
        "invoke",
        "event",
        "message",
        "messageUpdate",
        "messageDelete",
    ]
    unknown = await control("POST", f"people/{megan}/react", {"message_id": "0"}, 404)
    assert "no such message" in unknown["error"]


async def test_groups_and_teams(control: Control, endpoint: BotEndpoint) -> None:
    megan, alex = await person(control), await person(control, name="Alex Wilber")
    group = await control("POST", "groups", {"name": "Lunch", "members": [megan]}, 201)
    team = await control("POST", "teams", {"name": "Ops", "members": [megan], "channels": ["On call"]}, 201)
    assert sorted(team["channels"].values()) == ["General", "On call"]
    for chat in (group["id"], team["id"]):
        for deed, body in (("install", {}), ("add", {"person": alex}), ("remove", {"person": alex}), ("uninstall", {})):
            await control("POST", f"gatherings/{chat}/{deed}", {"by": megan} | body)
    assert len(endpoint.received) == 12
    assert [surface["title"] for surface in (await control("GET", f"people/{megan}"))["surfaces"]] == [
        "Lunch",
        "Ops > General",
        "Ops > On call",
    ]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "people", {}, 400),
        ("POST", "people", {"name": "x", "shoe_size": 42}, 400),
        ("GET", "people/nobody", None, 404),
        ("POST", "people/nobody/install", None, 404),
        ("POST", "faults", {"deed": "reset"}, 400),
        ("POST", "faults", [{"deed": "explode"}], 400),
        ("PUT", "limits", {"tenant": "many"}, 400),
        ("POST", "gatherings/nowhere/install", {"by": "x"}, 404),
        ("GET", "ledger?after=x", None, 400),
        ("GET", "ledger?at_least=1&timeout=0.01", None, 408),
        ("GET", "authorization?flaw=ugly", None, 400),
        ("PATCH", "bots/nobody", {}, 404),
    ],
)
async def test_mistakes_are_explained(control: Control, method: str, path: str, body: Any, status: int) -> None:
    assert (await control(method, path, body, status))["error"]


async def test_the_books_can_be_read_and_searched(control: Control, client: BotClient) -> None:
    one, other = (await control("POST", "crowd", {"count": 2}, 201))["aad_object_ids"]
    for member, text in ((one, "alpha 1"), (other, "alpha 2"), (one, "beta")):
        chat_id = (await client.create(member)).body["id"]
        await client.send(chat_id, text)
    await client.send("a:1unknown")

    async def texts(query: str) -> list[str]:
        return [entry["activity"]["text"] for entry in (await control("GET", f"ledger?{query}"))["entries"]]

    assert await texts("at_least=3") == ["alpha 1", "alpha 2", "beta"]
    assert await texts("text=beta") == ["beta"]
    assert await texts("containing=alpha") == ["alpha 1", "alpha 2"]
    assert await texts(f"containing=alpha&person={other}") == ["alpha 2"]
    assert await texts("after=1&limit=1") == ["alpha 2"]
    assert await texts("surface=copilot") == []
    assert (await control("GET", "ledger/refusals"))["refusals"][0]["code"] == "ConversationNotFound"
    openings = await control("GET", "ledger/openings")
    assert (openings["total"], openings["copilot"]) == (3, 0)
    counts = await control("GET", "counts")
    assert (counts["accepted"], counts["refused"], counts["opened"], counts["people"]) == (3, 1, 3, 2)


async def test_waiting_for_the_ledger_ends_when_it_is_full_enough(
    sim: Simulator, control: Control, client: BotClient
) -> None:
    chat_id = sim.crowd(1)[0].chat().id
    waiting = asyncio.create_task(control("GET", "ledger?at_least=2&timeout=10"))
    for text in ("one", "two"):
        await client.send(chat_id, text)
    assert (await waiting)["total"] == 2


async def test_faults_storms_and_their_record(sim: Simulator, control: Control, client: BotClient) -> None:
    megan = sim.crowd(1)[0]
    script = [
        {"deed": "answer", "status": 429, "retry_after": 3},
        {"deed": "answer", "status": 403, "code": "MessageWritesBlocked", "envelope": "legacy"},
        {"deed": "reset", "person": megan.aad_object_id},
    ]
    assert (await control("POST", "faults", script, 201))["pending"] == 3
    with pytest.raises(aiohttp.ClientError):
        await client.send(megan.chat().id)
    assert [(await client.send(megan.chat().id)).status for _ in range(3)] == [429, 403, 201]
    record = await control("GET", "faults")
    assert (record["total"], record["pending"]) == (3, 0)
    names = [played["name"] for played in record["played"]]
    assert names == ["reset", "429 Throttled", "403 MessageWritesBlocked legacy"]
    await control("PUT", "storm", {"seed": 1, "chances": [{"chance": 1, "fault": {"deed": "answer", "status": 502}}]})
    assert (await client.send(megan.chat().id)).status == 502
    await control("DELETE", "storm")
    assert (await client.send(megan.chat().id)).status == 201
    await control("POST", "faults", [{"deed": "answer", "status": 500}], 201)
    await control("DELETE", "faults")
    assert (await control("GET", "faults"))["pending"] == 0


async def test_a_stall_is_released(sim: Simulator, control: Control, client: BotClient) -> None:
    chat_id = sim.crowd(1)[0].chat().id
    await control("POST", "faults", [{"deed": "stall"}], 201)
    sending = asyncio.create_task(client.send(chat_id))
    await sim.events.until(lambda: bool(sim.faults.played))
    await control("POST", "faults/release")
    assert (await sending).status == 201


async def test_the_knobs(sim: Simulator, control: Control, client: BotClient) -> None:
    assert await control("GET", "settings?sender=pager") == sim.settings("pager")
    limits = {"enforce": False, "tenant": [[9, 1]], "retry_after": "date"}
    assert (await control("PUT", "limits", limits))["limits"]["tenant"] == [[9, 1.0]]
    assert (sim.gate.limits.enforce, sim.gate.limits.send[0].most) == (False, 7)
    assert (await control("GET", "limits"))["exceeded"] == {}
    await control("PATCH", "options", {"size_limit": 4000, "chat_id_length": 400, "token_lifetime": 5})
    assert (sim.post.size_limit, sim.world.chat_id_length, sim.grants.lifetime) == (4000, 400, 5)
    await control("POST", "clock", {"seconds": 60})
    assert sim.clock.offset.total_seconds() == 60
    first = (await control("POST", "keys/rotate", {"keep_old": True}))["kid"]
    assert sim.signer.published[0].kid == first
    assert (await control("POST", "tokens/revoke"))["revoked"] == 1
    await control("POST", "regions", {"old": "emea", "new": "amer", "state": "wrong_host"})
    assert sim.regions.states["emea"] == "wrong_host"
    await control("PUT", "manners", {"uninstalled": "MessageWritesBlocked", "envelope": "legacy"})
    await control("PUT", "manners", {"blocked": "MessageWritesBlocked", "person": "AAAA"})
    assert (sim.rules.manners.uninstalled, sim.rules.manners.by_person["aaaa"].blocked) == (
        "MessageWritesBlocked",
        "MessageWritesBlocked",
    )


async def test_bots_can_be_changed_and_added(sim: Simulator, control: Control) -> None:
    await control("PATCH", "bots/default", {"endpoint": "http://127.0.0.1:9/api/messages", "registered": False})
    assert (sim.bot_endpoint, sim.bot.registered) == ("http://127.0.0.1:9/api/messages", False)
    await control("PATCH", "bots/default", {"endpoint": None})
    assert sim.bot_endpoint is None
    new = {"app_id": "33333333-3333-4333-8333-333333333333", "tenant_id": sim.bot.tenant_id, "name": "Other"}
    shown = await control("POST", "bots", new, 201)
    assert "secret" not in shown
    assert [bot["name"] for bot in (await control("GET", "bots"))["bots"]] == ["Bellwire", "Other"]


async def test_raw_activities_and_bad_tokens(control: Control, endpoint: BotEndpoint) -> None:
    parcel = {"activity": {"type": "message"}, "flaw": "missing"}
    assert (await control("POST", "deliver", parcel))["status"] == 200
    assert "Authorization" not in endpoint.headers[0]
    assert (await control("GET", "authorization?service_url=http://x/"))["authorization"].startswith("Bearer ey")
    assert (await control("GET", "authorization?flaw=missing"))["authorization"] is None
    assert (await control("GET", "answers"))["answers"][0]["activity"] == {"type": "message"}


async def test_a_reset_leaves_nobody_and_nothing(sim: Simulator, control: Control, client: BotClient) -> None:
    await client.send(sim.crowd(1)[0].chat().id)
    await control("POST", "reset")
    counts = await control("GET", "counts")
    assert {name for name, count in counts.items() if isinstance(count, int) and count} == set()


async def test_events_are_streamed_as_they_happen(sim: Simulator, control: Control, client: BotClient) -> None:
    megan = sim.crowd(1)[0]
    async with control.session.get(f"{sim.url}/control/events") as stream:
        assert stream.content_type == "text/event-stream"
        assert await stream.content.readline() == b": welcome\n"
        await stream.content.readline()
        await client.send(megan.chat().id, "live")
        assert await stream.content.readline() == b"event: accepted\n"
        data = orjson.loads((await stream.content.readline()).removeprefix(b"data: "))
    assert (data["activity"]["text"], data["person"]) == ("live", megan.aad_object_id)


async def test_an_outage_begins_after_its_answer(sim: Simulator, control: Control) -> None:
    async with control.session.post(f"{sim.url}/control/outage?seconds=0.05") as answer:
        assert answer.status == 200
    assert sim.away is not None
    await sim.away
    assert (await control("GET", "counts"))["accepted"] == 0
