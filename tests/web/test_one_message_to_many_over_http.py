"""``POST /v1/messages/bulk``: one message, many people, one answer for all."""

from __future__ import annotations

import json
from io import BytesIO
from uuid import uuid4

from tests.support.service import Running


async def test_everybody_is_accounted_for(service: Running) -> None:
    adele, alex = service.teams.person("Adele"), service.teams.person("Alex")
    await adele.install()
    await alex.install()
    await alex.uninstall()
    nobody = str(uuid4())
    people = [adele.aad_object_id, alex.aad_object_id, nobody, adele.aad_object_id.upper()]
    body = {"to": people, "text": "Hello", "reference": "canteen"}
    sent = await service.call("POST", "/v1/messages/bulk", body, headers={"Idempotency-Key": "k"})
    again = await service.call("POST", "/v1/messages/bulk", body, headers={"Idempotency-Key": "k"})
    assert (sent.status, sent.body["accepted"], sent.body["duplicates"]) == (202, 1, 1)
    assert sent.body["refused"] == [
        {"to": alex.aad_object_id, "reason": "uninstalled"},
        {"to": nobody, "reason": "never_seen"},
    ]
    assert {reason["reason"]: (reason["count"], bool(reason["remedy"])) for reason in sent.body["reasons"]} == {
        "uninstalled": (1, True),
        "never_seen": (1, True),
    }
    assert (again.body, again.headers["Idempotency-Replayed"]) == (sent.body, "true")
    listed = await service.call("GET", f"/v1/deliveries?message_id={sent.body['message_id']}")
    (delivery,) = listed.body["deliveries"]
    assert (delivery["person"]["aad_object_id"], delivery["priority"]) == (adele.aad_object_id, "bulk")


async def test_a_body_of_many_megabytes_is_taken_here(service: Running) -> None:
    people = [str(uuid4()) for _ in range(40_000)]
    body = BytesIO(json.dumps({"to": people, "text": "Hello"}).encode())
    sent = await service.call("POST", "/v1/messages/bulk", data=body, headers={"Content-Type": "application/json"})
    assert (sent.status, sent.body["accepted"], len(sent.body["refused"])) == (202, 0, 40_000)


async def test_what_is_wrong_is_named(service: Running) -> None:
    for body, field in (
        ({"to": [], "text": "Hello"}, "to"),
        ({"to": "adele", "text": "Hello"}, "to"),
        ({"to": [str(uuid4()), "adele"], "text": "Hello"}, "to.1"),
        ({"to": [str(uuid4()), 7], "text": "Hello"}, "to.1"),
        ({"to": [str(uuid4())]}, "text"),
        ({"to": [str(uuid4())], "text": "Hello", "tenant_id": "x"}, "tenant_id"),
    ):
        refused = await service.call("POST", "/v1/messages/bulk", body)
        assert (refused.status, refused.body["field"]) == (422, field)
