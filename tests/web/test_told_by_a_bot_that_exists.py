"""A bot that exists already tells the service what it was sent, and what it has kept."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bellwire.model.surface import Surface
from bellwire.service.importing import MOST_ENTRIES
from bellwire.simulator import Actor, activities
from tests.support.service import Json, Reply, Running


def heard(service: Running, actor: Actor, on: str = "teams", **changes: Any) -> Json:
    """The activity that the bot of this service is sent when the person writes."""
    return {**activities.message(actor.stage(actor.chat(on)), "Hello"), **changes}


async def tell(service: Running, *activities: object, **more: object) -> Reply:
    return await service.call("POST", "/v1/activities", {"activities": list(activities), **more})


async def test_activities_that_are_told_teach_as_those_from_teams_do(service: Running) -> None:
    adele = service.teams.person("Adele")
    told = await service.client.tell_activities([heard(service, adele), heard(service, adele, "copilot")])
    assert [each.surface for each in told] == [Surface.TEAMS_PERSONAL, Surface.COPILOT]
    person = await service.client.person(adele.aad_object_id, tenant_id=adele.tenant_id)
    assert person.senders[0].reachable
    assert person.senders[0].conversation_id == adele.chat().id
    assert set(person.senders[0].seen_on) == {"teams_personal", "copilot"}


async def test_telling_again_in_any_order_leaves_the_same(service: Running) -> None:
    adele = service.teams.person("Adele")
    first, second = heard(service, adele), heard(service, adele, "copilot")
    await service.client.tell_activities([first, second])
    before = (await service.client.references()).items
    await asyncio.gather(*(service.client.tell_activities([second, first]) for _ in range(5)))
    assert (await service.client.references()).items == before


async def test_a_bad_activity_is_told_by_its_place_and_harms_no_other(service: Running) -> None:
    adele = service.teams.person("Adele")
    good = heard(service, adele)
    bad = [
        {**good, "from": "somebody"},
        {**good, "serviceUrl": "https://evil.example/"},
        {**good, "recipient": {"id": "28:99999999-9999-9999-9999-999999999999"}},
        {**good, "channelData": {"tenant": {"id": "99999999-9999-9999-9999-999999999999"}}},
        {name: value for name, value in good.items() if name != "recipient"},
        {},
    ]
    told = (await tell(service, *bad, good)).body["activities"]
    assert [each["taken"] for each in told] == [False] * len(bad) + [True]
    assert [each["code"] for each in told[:4]] == [
        "invalid_activity",
        "host_not_allowed",
        "not_found",
        "tenant_not_allowed",
    ]
    assert [each["field"] for each in told[:2]] == ["from", "serviceUrl"]


async def test_the_sender_that_is_named_must_be_the_one_that_was_sent_it(service: Running) -> None:
    adele = service.teams.person("Adele")
    foreign = heard(service, adele, recipient={"id": "28:99999999-9999-9999-9999-999999999999"})
    unnamed = heard(service, adele, recipient={"id": "bot"})
    told = (await tell(service, foreign, unnamed, sender="alerts")).body["activities"]
    assert [each.get("code") for each in told] == ["another_bot", None]
    assert (await tell(service, foreign, sender="nobody")).code == "sender_unknown"


async def test_references_that_are_told_are_kept_and_given_out(service: Running) -> None:
    adele = service.teams.person("Adele")
    reference = {
        "channelId": "msteams",
        "serviceUrl": adele.service_url,
        "user": {"id": adele.user_id, "aadObjectId": adele.aad_object_id},
        "conversation": {"id": adele.chat().id, "conversationType": "personal", "tenantId": adele.tenant_id},
    }
    dry = await service.client.tell_references([reference], dry_run=True)
    done = await service.client.tell_references([reference])
    again = await service.client.tell_references([reference])
    assert [each.verdict for each in (*dry, *done, *again)] == ["taken", "taken", "known"]
    [kept] = (await service.client.references()).items
    assert (kept["conversation_id"], kept["source"]) == (adele.chat().id, "imported")


async def test_references_are_given_out_page_by_page(service: Running) -> None:
    for number in range(5):
        await service.teams.person(f"Person {number}").install()
    first = await service.client.references(limit=3)
    rest = await service.client.references(limit=3, after=first.next)
    assert (len(first), len(rest), rest.next) == (3, 2, None)
    assert len({row["aad_object_id"] for row in (*first, *rest)}) == 5


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/references", {"references": []}, "references"),
        ("/v1/references", {"references": ["a text"]}, "references.0"),
        ("/v1/references", {"references": [{}] * (MOST_ENTRIES + 1)}, "references"),
        ("/v1/references", {"references": [{}], "tenant_id": "contoso"}, "tenant_id"),
        ("/v1/references", {"references": [{}], "as_of": "yesterday"}, "as_of"),
        ("/v1/activities", {"activities": []}, "activities"),
        ("/v1/activities", {"activities": [{}], "token": "x"}, "token"),
        ("/v1/activities", {}, "activities"),
    ],
)
async def test_a_wrong_request_is_refused_by_its_field(service: Running, path: str, body: Json, field: str) -> None:
    refused = await service.call("POST", path, body)
    assert (refused.status, refused.body["field"]) == (422, field)


@pytest.mark.parametrize("path", ["/v1/references", "/v1/activities"])
async def test_nobody_tells_anything_without_a_key(service: Running, path: str) -> None:
    refused = await service.call("POST", path, {}, headers={"Authorization": "Bearer bw_wrong"})
    assert refused.status == 401
