"""``/v1/deliveries``, ``/v1/people`` and ``/v1/books`` over HTTP: the shapes, the pages, the refusals."""

from __future__ import annotations

from typing import Any

import pytest

from bellwire.web.schemas.fields import IN_WORDS
from tests.support.service import Running

NOBODY = "5d0e1f9c-2b6a-4a53-9f0e-7b1c3c1d2e4f"
UNKNOWN = "/v1/deliveries/01932f6e-7c1a-7b3e-9d41-0f6e2c1b5a77"


async def queued(service: Running, count: int = 1) -> list[str]:
    """The addresses of as many deliveries to one person."""
    adele = service.teams.person("Adele")
    await adele.install()
    body = {"to": {"aad_object_id": adele.aad_object_id}, "text": "Hello"}
    return [(await service.call("POST", "/v1/messages", body)).headers["Location"] for _ in range(count)]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", UNKNOWN), ("POST", f"{UNKNOWN}/cancel"), ("POST", f"{UNKNOWN}/resend")]
)
async def test_what_does_not_exist_is_not_found(service: Running, method: str, path: str) -> None:
    refused = await service.call(method, path)
    assert (refused.status, refused.code) == (404, "not_found")


@pytest.mark.parametrize("delivery_id", ["1", "x" * 500, "01932F6E-7C1A-7B3E-9D41-0F6E2C1B5A77", "%00", "' OR 1=1"])
async def test_what_is_no_id_is_said_to_be_none(service: Running, delivery_id: str) -> None:
    refused = await service.call("GET", f"/v1/deliveries/{delivery_id}")
    assert (refused.status, refused.body["field"]) == (422, "id")
    assert refused.body["detail"].startswith("An id as Bellwire gives it is needed, such as ")


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        (
            "POST",
            "/v1/messages",
            {"to": {"upn": "adele@contoso.example"}, "text": "Hi", "sender": "ALERTS"},
            "such as alerts",
        ),
        ("POST", "/v1/messages", {"to": {"email": "adele"}, "text": "Hi"}, "such as adele@contoso.example"),
        ("GET", "/v1/deliveries?sender=ALERTS", None, "such as alerts"),
        ("GET", "/v1/deliveries?after=4711", None, "an id as Bellwire gives it"),
        ("GET", "/v1/people?after=4711", None, "'next' of the page before"),
    ],
)
async def test_what_is_written_wrongly_is_told_in_words(
    service: Running, method: str, path: str, body: dict[str, Any] | None, words: str
) -> None:
    refused = await service.call(method, path, body)
    assert refused.status == 422
    assert words.lower() in refused.body["detail"].lower()


def test_every_pattern_that_a_caller_may_miss_has_words() -> None:
    for pattern, words in IN_WORDS.items():
        assert words.isprintable()
        assert not set("^$[]{}") & set(words), pattern


async def test_a_delivery_is_cancelled_once_and_sent_again_once(service: Running) -> None:
    (address,) = await queued(service)
    early = await service.call("POST", f"{address}/resend")
    cancelled = [await service.call("POST", f"{address}/cancel") for _ in range(2)]
    resent = [await service.call("POST", f"{address}/resend") for _ in range(2)]
    assert (early.status, early.code) == (409, "still_open")
    assert [(each.status, each.body["state"], each.body["final"]) for each in cancelled] == [
        (200, "cancelled", True)
    ] * 2
    assert [each.status for each in resent] == [202, 202]
    assert resent[0].body["id"] == resent[1].body["id"] == resent[0].headers["Location"].rpartition("/")[2]
    assert f"/v1/deliveries/{resent[0].body['resend_of']}" == address


async def test_pages_of_deliveries_join_without_gap_or_overlap(service: Running) -> None:
    made = {address.rpartition("/")[2] for address in await queued(service, 5)}
    first = (await service.call("GET", "/v1/deliveries?limit=3")).body
    rest = (await service.call("GET", f"/v1/deliveries?limit=3&after={first['next']}")).body
    shown = [each["id"] for each in first["deliveries"] + rest["deliveries"]]
    assert (sorted(shown, reverse=True), set(shown), rest["next"]) == (shown, made, None)


async def test_deliveries_are_found_by_state_person_and_sender(service: Running) -> None:
    (address,) = await queued(service)
    person = (await service.call("GET", address)).body["person"]
    found = await service.call("GET", "/v1/deliveries", params={"state": "queued", "sender": "alerts", **person})
    others = await service.call("GET", "/v1/deliveries?state=sent")
    assert (len(found.body["deliveries"]), others.body["deliveries"]) == (1, [])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("/v1/deliveries?state=lost", "state"),
        ("/v1/deliveries?limit=0", "limit"),
        ("/v1/deliveries?limit=1001", "limit"),
        ("/v1/deliveries?after=x", "after"),
        ("/v1/deliveries?tenant_id=x", "tenant_id"),
        ("/v1/deliveries?stat=sent", "stat"),
        ("/v1/people?after=x", "after"),
        ("/v1/people?surface=phone", "surface"),
        ("/v1/people/x/y", "tenant_id"),
        ("/v1/books?audit=perhaps", "audit"),
    ],
)
async def test_a_wrong_parameter_is_named(service: Running, query: str, field: str) -> None:
    refused = await service.call("GET", query)
    assert (refused.status, refused.body["field"]) == (422, field)


async def test_a_person_is_shown_with_their_chat_and_where_they_were_seen(service: Running) -> None:
    adele = service.teams.person("Adele Vance")
    await adele.install()
    await adele.say("Hello")
    await adele.say("Hello", on="copilot")
    found = await service.call("GET", f"/v1/people/{adele.tenant_id}/{adele.aad_object_id.upper()}")
    (reach,) = found.body["senders"]
    assert (found.status, found.body["name"]) == (200, "Adele Vance")
    assert (reach["sender"], reach["reachable"], reach["way"]) == ("alerts", True, "teams_chat")
    assert reach["reference"]["conversation_id"] == adele.chat().id
    assert reach["reference"]["service_url"] == adele.service_url
    assert reach["reference"]["user_id"] == adele.user_id
    assert {each["surface"] for each in reach["seen"]} == {"teams_personal", "copilot"}


async def test_someone_who_left_is_shown_with_the_reason_and_the_remedy(service: Running) -> None:
    adele = service.teams.person("Adele")
    await adele.install()
    await adele.uninstall()
    (reach,) = (await service.call("GET", f"/v1/people/{adele.tenant_id}/{adele.aad_object_id}")).body["senders"]
    assert (reach["reachable"], reach["reason"], reach["whose_move"]) == (False, "uninstalled", "person")
    assert reach["remedy"]


async def test_somebody_unknown_is_not_found_and_a_foreign_tenant_is_forbidden(service: Running) -> None:
    unknown = await service.call("GET", f"/v1/people/{service.teams.bot.tenant_id}/{NOBODY}")
    foreign = await service.call("GET", f"/v1/people/{NOBODY}/{NOBODY}")
    assert (unknown.status, unknown.code) == (404, "never_seen")
    assert (foreign.status, foreign.code) == (403, "tenant_not_allowed")


async def test_pages_of_people_hold_everybody_once_and_can_be_filtered(service: Running) -> None:
    people = [service.teams.person(f"Person {number}") for number in range(5)]
    for person in people:
        await person.install()
    await people[0].uninstall()
    first = (await service.call("GET", "/v1/people?limit=3")).body
    rest = (await service.call("GET", "/v1/people", params={"limit": "3", "after": first["next"]})).body
    gone = (await service.call("GET", "/v1/people?state=uninstalled&sender=alerts&surface=teams_personal")).body
    shown = [each["aad_object_id"] for each in first["people"] + rest["people"]]
    assert shown == sorted(person.aad_object_id for person in people)
    assert rest["next"] is None
    assert [each["aad_object_id"] for each in gone["people"]] == [people[0].aad_object_id]


async def test_the_books_add_up_and_can_be_audited(service: Running) -> None:
    first, _ = await queued(service, 2)
    await service.call("POST", f"{first}/cancel")
    books = (await service.call("GET", "/v1/books?audit=true")).body
    assert (books["balanced"], books["audited"], books["differences"]) == (True, True, [])
    assert (books["accepted"], books["cancelled"], books["open"]) == (2, 1, 1)
    assert [(line["sender"], line["accepted"]) for line in books["lines"]] == [("alerts", 2)]
    assert (await service.call("GET", "/v1/books")).body["audited"] is False
