"""One trace leads from the caller's request to the request to Teams, over the queue, and names nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode
from sqlalchemy import text

from bellwire.simulator import Actor
from tests.support.service import Running, running
from tests.support.traces import Spans

TRACE: Final = 0x0AF7651916CD43DD8448EB211C80319C
CALLER: Final = {"traceparent": f"00-{TRACE:032x}-b7ad6b7169203331-01"}
KEPT: Final = text(
    "SELECT (SELECT count(*) FROM messages), (SELECT count(trace) FROM messages), "
    "(SELECT count(trace) FROM conversation_references)"
)
SECRET: Final = "The launch code is 4711."


@pytest.fixture
async def traced(spans: Spans, sqlite_url: str) -> AsyncIterator[Running]:
    async with running(sqlite_url) as service:
        yield service


async def installed(service: Running, name: str = "Adele Vance") -> Actor:
    adele = service.teams.person(name)
    await adele.install()
    return adele


async def sent(service: Running, adele: Actor, headers: dict[str, str] | None = None) -> str:
    body = {"to": {"aad_object_id": adele.aad_object_id}, "text": SECRET}
    accepted = await service.call("POST", "/v1/messages", body, headers=headers or {})
    assert accepted.status == 202
    await service.client.wait(accepted.body["id"])
    return str(accepted.body["id"])


def parent(span: ReadableSpan) -> int | None:
    return None if span.parent is None else span.parent.span_id


def trace_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.trace_id)


def id_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.span_id)


def linked(span: ReadableSpan) -> set[int]:
    return {link.context.span_id for link in span.links}


async def test_the_callers_trace_leads_to_the_wire(traced: Running, spans: Spans) -> None:
    adele = await installed(traced)
    delivery = await sent(traced, adele, CALLER)
    served, accept, post = (spans.one(name) for name in ("POST /v1/messages", "accept", "post alerts"))
    assert [trace_of(span) for span in (served, accept, post)] == [TRACE] * 3
    assert [parent(span) for span in (served, accept, post)] == [0xB7AD6B7169203331, id_of(served), id_of(accept)]
    assert [span.kind for span in (served, accept, post)] == [SpanKind.SERVER, SpanKind.PRODUCER, SpanKind.CLIENT]
    assert accept.attributes
    assert accept.attributes["messaging.message.id"] == delivery
    assert post.attributes
    assert post.attributes["messaging.message.id"] == delivery
    assert (post.attributes["http.response.status_code"], post.attributes["bellwire.outcome"]) == (201, "sent")
    assert post.status.status_code is StatusCode.UNSET


async def test_the_request_to_teams_is_linked_with_the_capture_of_the_chat(traced: Running, spans: Spans) -> None:
    adele = await installed(traced)
    await adele.say("Hello.")
    newest = spans.named("POST /api/messages")[-1]
    await sent(traced, adele)
    assert linked(spans.one("post alerts")) == {id_of(newest)}


async def test_no_attribute_holds_a_text_a_key_or_what_names_a_person(traced: Running, spans: Spans) -> None:
    adele = await installed(traced)
    await sent(traced, adele)
    await traced.call("GET", f"/v1/people/{adele.tenant_id}/{adele.aad_object_id}")
    told = " ".join(span.to_json() for span in spans.all)
    assert "/v1/people/{tenant_id}/{aad_object_id}" in told
    for word in (SECRET, traced.key, adele.aad_object_id, "Adele", adele.chat().id, "Bearer"):
        assert word not in told


async def test_a_refusal_by_teams_is_an_error_with_its_code(traced: Running, spans: Spans) -> None:
    adele = await installed(traced)
    adele.block()
    await sent(traced, adele)
    (post,) = [span for span in spans.named("post alerts") if span.status.status_code is StatusCode.ERROR]
    assert post.attributes
    assert (post.attributes["http.response.status_code"], post.attributes["bellwire.outcome"]) == (403, "undeliverable")
    assert post.attributes["error.type"]


async def test_what_is_refused_to_the_caller_is_an_error_of_accepting(traced: Running, spans: Spans) -> None:
    stranger = traced.teams.person("Megan Bowen")
    body = {"to": {"aad_object_id": stranger.aad_object_id}, "text": SECRET}
    refused = await traced.call("POST", "/v1/messages", body)
    accept = spans.one("accept")
    assert accept.attributes
    assert (accept.attributes["error.type"], accept.status.status_code) == (refused.code, StatusCode.ERROR)


async def test_each_of_many_has_a_trace_of_its_own_and_a_link(traced: Running, spans: Spans) -> None:
    people = [await installed(traced, name) for name in ("Adele Vance", "Alex Wilber")]
    body = {"to": [each.aad_object_id for each in people], "text": SECRET}
    message = (await traced.call("POST", "/v1/messages/bulk", body)).body["message_id"]
    while True:
        found = (await traced.call("GET", f"/v1/deliveries?message_id={message}")).body["deliveries"]
        if all(each["state"] == "sent" for each in found):
            break
    accept, posts = spans.one("accept"), spans.named("post alerts")
    assert len({trace_of(span) for span in (accept, *posts)}) == 3
    assert all(id_of(accept) in linked(post) for post in posts)


async def test_a_change_belongs_to_the_request_that_wanted_it(traced: Running, spans: Spans) -> None:
    adele = await installed(traced)
    delivery = await sent(traced, adele)
    recorded = traced.worker.signals.recorded.listen()
    changed = await traced.call("PUT", f"/v1/deliveries/{delivery}/message", {"text": SECRET}, headers=CALLER)
    assert changed.status < 300
    while await recorded.get() == delivery:
        pass  # its caller may know of the sending before it is told here
    assert trace_of(spans.one("change alerts")) == TRACE


async def test_a_stranger_at_the_bot_endpoint_names_no_trace(traced: Running, spans: Spans) -> None:
    await traced.call("POST", "/api/messages", {"type": "message"}, headers={"Authorization": "", **CALLER})
    assert spans.one("POST /api/messages").parent is None


async def test_a_caller_without_a_key_and_the_operators_addresses_leave_no_span(traced: Running, spans: Spans) -> None:
    await traced.call("GET", "/v1/books", headers={"Authorization": "Bearer nobody"})
    for path in ("/healthz", "/readyz", "/metrics"):
        await traced.call("GET", path)
    assert spans.all == []


async def test_without_an_sdk_nothing_is_stored(sqlite_url: str) -> None:
    async with running(sqlite_url) as service:
        await sent(service, await installed(service), CALLER)
        found = await service.bellwire.database.read(lambda conn: conn.execute(KEPT).one())
        assert tuple(found) == (1, 0, 0)
