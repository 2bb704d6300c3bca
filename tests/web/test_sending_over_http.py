"""``POST /v1/messages``: 202 with the delivery, or a problem that says what to do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.service import Running

CARD: dict[str, Any] = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "Hello"}]}
NOBODY = "5d0e1f9c-2b6a-4a53-9f0e-7b1c3c1d2e4f"


async def installed(service: Running) -> dict[str, str]:
    """Somebody who installed the app, as a recipient."""
    adele = service.teams.person("Adele")
    await adele.install()
    return {"aad_object_id": adele.aad_object_id}


async def test_a_text_is_accepted_and_its_delivery_can_be_asked_for(service: Running) -> None:
    to = await installed(service)
    sent = await service.call("POST", "/v1/messages", {"to": to, "text": "Hello", "reference": "build-4711"})
    assert sent.status == 202
    assert sent.headers["Location"] == f"/v1/deliveries/{sent.body['id']}"
    assert (sent.body["state"], sent.body["final"], sent.body["attempts"]) == ("queued", False, [])
    assert (sent.body["to"], sent.body["reference"], sent.body["sender"]) == (to, "build-4711", "alerts")
    asked = await service.call("GET", sent.headers["Location"])
    assert (asked.status, asked.body) == (200, sent.body)


async def test_a_card_is_accepted_with_all_terms(service: Running) -> None:
    body = {
        "to": await installed(service) | {"tenant_id": service.teams.bot.tenant_id.upper()},
        "card": CARD,
        "summary": "Hello",
        "sender": "alerts",
        "priority": "urgent",
        "send_at": "2090-01-01T10:00:00+02:00",
        "expires_at": "2090-01-02T00:00:00Z",
        "if_unreachable": "wait",
        "on_unknown": "resend",
        "text": None,
    }
    sent = await service.call("POST", "/v1/messages", body)
    assert sent.status == 202
    assert {name: sent.body[name] for name in ("priority", "run_at", "expires_at", "if_unreachable", "on_unknown")} == {
        "priority": "urgent",
        "run_at": "2090-01-01T08:00:00Z",
        "expires_at": "2090-01-02T00:00:00Z",
        "if_unreachable": "wait",
        "on_unknown": "resend",
    }


async def test_someone_who_cannot_be_reached_is_refused_with_reason_remedy_and_whose_move_it_is(
    service: Running,
) -> None:
    adele = service.teams.person("Adele")
    await adele.install()
    await adele.uninstall()
    refused = await service.call("POST", "/v1/messages", {"to": {"aad_object_id": adele.aad_object_id}, "text": "hi"})
    assert refused.status == 409
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.body["type"] == "/problems/uninstalled"
    assert (refused.code, refused.body["field"], refused.body["whose_move"]) == ("uninstalled", "to", "person")
    assert refused.body["detail"]
    assert refused.body["remedy"]
    assert (await service.call("GET", "/v1/deliveries")).body["deliveries"] == []


async def test_whoever_is_waited_for_is_accepted_and_the_answer_says_what_for(service: Running) -> None:
    body = {"to": {"aad_object_id": NOBODY}, "text": "hi", "if_unreachable": "wait"}
    sent = await service.call("POST", "/v1/messages", body)
    assert (sent.status, sent.body["state"], sent.body["reason"]) == (202, "waiting", "never_seen")
    assert sent.body["remedy"]


async def test_the_same_key_and_body_are_answered_the_same_and_marked(service: Running) -> None:
    to = await installed(service)
    key = {"Idempotency-Key": "build 4711"}
    first = await service.call("POST", "/v1/messages", {"to": to, "text": "hi"}, headers=key)
    again = await service.call("POST", "/v1/messages", {"text": "hi", "to": to}, headers=key)
    other = await service.call("POST", "/v1/messages", {"to": to, "text": "ho"}, headers=key)
    assert (again.status, again.body) == (first.status, first.body)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (other.status, other.code, other.body["field"]) == (409, "idempotency_conflict", "Idempotency-Key")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"text": "hi"}, "to"),
    ({"to": {}, "text": "hi"}, "to"),
    ({"to": NOBODY, "text": "hi"}, "to"),
    ({"to": {"aad_object_id": "adele"}, "text": "hi"}, "to.aad_object_id"),
    ({"to": {"aad_object_id": NOBODY, "upn": "a@b.c"}, "text": "hi"}, "to"),
    ({"to": {"aad_object_id": NOBODY, "tenant_id": "contoso"}, "text": "hi"}, "to.tenant_id"),
    ({"to": {"aad_object_id": NOBODY, "name": "Adele"}, "text": "hi"}, "to.name"),
    ({"to": {"upn": "adele"}, "text": "hi"}, "to.upn"),
    ({"to": {"aad_object_id": NOBODY}}, "text"),
    ({"to": {"aad_object_id": NOBODY}, "text": 1}, "text"),
    ({"to": {"aad_object_id": NOBODY}, "text": " "}, "text"),
    ({"to": {"aad_object_id": NOBODY}, "text": "hi", "card": CARD}, "text"),
    ({"to": {"aad_object_id": NOBODY}, "card": CARD}, "summary"),
    ({"to": {"aad_object_id": NOBODY}, "card": [], "summary": "hi"}, "card"),
    ({"to": {"aad_object_id": NOBODY}, "card": {**CARD, "version": "2.0"}, "summary": "hi"}, "card.version"),
    ({"to": {"aad_object_id": NOBODY}, "text": "hi", "priority": "high"}, "priority"),
    ({"to": {"aad_object_id": NOBODY}, "text": "hi", "send_at": "2030-01-01T00:00:00"}, "send_at"),
    ({"to": {"aad_object_id": NOBODY}, "text": "hi", "send_at": 1893456000}, "send_at"),
    ({"to": {"aad_object_id": NOBODY}, "text": "hi", "send_at": "0001-01-01T00:00:00+23:59"}, "send_at"),
    ({"to": {"aad_object_id": NOBODY}, "text": "hi", "expires_at": "tomorrow"}, "expires_at"),
    ({"to": {"aad_object_id": NOBODY}, "text": "hi", "if_unreachable": "perhaps"}, "if_unreachable"),
    ({"to": {"aad_object_id": NOBODY}, "text": "hi", "on_unknown": "pray"}, "on_unknown"),
    ({"to": {"aad_object_id": NOBODY}, "text": "hi", "reference": "x" * 201}, "reference"),
    ({"to": {"aad_object_id": NOBODY}, "text": "hi", "sender": "Alerts!"}, "sender"),
    ({"to": {"aad_object_id": NOBODY}, "text": "hi", "txt": "hi"}, "txt"),
]


@pytest.mark.parametrize(("body", "field"), WRONG)
async def test_what_is_wrong_is_named_by_its_path_and_nothing_is_stored(
    service: Running, body: dict[str, Any], field: str
) -> None:
    refused = await service.call("POST", "/v1/messages", body)
    assert (refused.status, refused.body["field"]) == (422, field)
    assert refused.body["remedy"]
    assert (await service.call("GET", "/v1/books")).body["accepted"] == 0


async def test_several_findings_are_all_listed(service: Running) -> None:
    refused = await service.call("POST", "/v1/messages", {"to": {"aad_object_id": "x"}, "text": 1, "more": 1})
    assert {finding["field"] for finding in refused.body["errors"]} == {"to.aad_object_id", "text", "more"}


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"sender": "nobody"}, 404, "sender_unknown", "sender"),
        ({"to": {"upn": "adele@contoso.example"}}, 409, "no_such_person", "to.upn"),
        ({"to": {"email": "adele@contoso.example"}}, 409, "no_such_person", "to.email"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, 409, "already_expired", "expires_at"),
        (
            {"send_at": "2090-01-02T00:00:00Z", "expires_at": "2090-01-01T00:00:00Z"},
            409,
            "expires_before_send",
            "expires_at",
        ),
        (
            {"to": {"aad_object_id": NOBODY, "tenant_id": "99999999-9999-4999-8999-999999999999"}},
            403,
            "tenant_not_allowed",
            "to.tenant_id",
        ),
    ],
)
async def test_what_contradicts_what_is_so_has_a_code_of_its_own(
    service: Running, body: dict[str, Any], status: int, code: str, field: str
) -> None:
    refused = await service.call("POST", "/v1/messages", {"to": {"aad_object_id": NOBODY}, "text": "hi"} | body)
    assert (refused.status, refused.code, refused.body["field"]) == (status, code, field)


@pytest.mark.parametrize("key", ["x" * 256, "\u00e4", "tab\tinside"])
async def test_an_idempotency_key_that_cannot_be_kept_is_refused(service: Running, key: str) -> None:
    body = {"to": {"aad_object_id": NOBODY}, "text": "hi"}
    refused = await service.call("POST", "/v1/messages", body, headers={"Idempotency-Key": key})
    assert (refused.status, refused.body["field"]) == (422, "Idempotency-Key")


async def test_no_refusal_repeats_what_was_sent(service: Running) -> None:
    private = "very private words"
    for body in ({"text": private}, {"to": private, "text": private}, {"to": {"upn": private}, "send_at": private}):
        refused = await service.call("POST", "/v1/messages", body)
        assert refused.status == 422
        assert "private" not in str(refused.body)
