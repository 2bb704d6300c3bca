"""The Bot Connector's operations as they go over the wire, and what is made of its answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import orjson
import pytest
from aiohttp import ClientSession, web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bellwire.model.outcome import Opened, Sent
from bellwire.net import open_session
from bellwire.teams.clouds import Cloud, custom
from bellwire.teams.connector import Account, Connector, ConnectorFailure
from bellwire.teams.failures import Failure, Phase
from tests.support.wire import Asked, Clock, Server, always, read_request, serving, speaking

TOKEN = "ey.the.token"
LONG_ID = "a:1" + "x:@;/?#% \u00e9" * 40
BODY = b'{"type":"message","text":"hi"}'


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with open_session(timeout=5) as opened:
        yield opened


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving(always(201, {"id": "1700000000000"})) as running:
        yield running


@pytest.fixture
def connector(session: ClientSession, server: Server) -> Connector:
    return connector_to(server.url, session)


def cloud_at(url: str) -> Cloud:
    return custom(login_url=url, openid_metadata_url=url, service_hosts=[url.partition("://")[2]])


def connector_to(url: str, session: ClientSession, timeout: float = 5.0) -> Connector:
    return Connector(session, cloud_at(url), clock=Clock(), timeout=timeout)


async def failure_of(operation: Awaitable[object]) -> Failure:
    with pytest.raises(ConnectorFailure) as raised:
        await operation
    assert TOKEN not in str(raised.value) + repr(raised.value)
    return raised.value.failure


@pytest.mark.parametrize("path", ["", "/", "/teams", "/amer/11111111-1111-1111-1111-111111111111/"])
async def test_an_activity_is_posted_to_the_conversation(connector: Connector, server: Server, path: str) -> None:
    posted = await connector.send_activity(server.url + path, "a:1/x", BODY, token=TOKEN)
    asked = server.asked[0]
    assert posted == Sent("1700000000000", 201)
    assert (asked.method, asked.body) == ("POST", BODY)
    assert asked.path == f"{path.rstrip('/')}/v3/conversations/a%3A1%2Fx/activities"
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["Content-Type"] == "application/json"


async def test_a_long_and_odd_conversation_id_survives_uncut(connector: Connector, server: Server) -> None:
    assert len(LONG_ID) > 400
    await connector.send_activity(f"{server.url}/amer/", LONG_ID, BODY, token=TOKEN)
    parts = server.asked[0].path.split("/")
    assert [unquote(part) for part in parts] == ["", "amer", "v3", "conversations", LONG_ID, "activities"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    conversation=st.text(min_size=1, max_size=400) | st.sampled_from([".", "..", "%2E", "a/../b"]),
    posted=st.text(min_size=1, max_size=40),
)
async def test_any_id_arrives_as_it_was(connector: Connector, server: Server, conversation: str, posted: str) -> None:
    await connector.update_activity(server.url, conversation, posted, BODY, token=TOKEN)
    parts = server.asked[-1].path.split("/")
    assert [unquote(part) for part in parts] == ["", "v3", "conversations", conversation, "activities", posted]


async def test_a_chat_is_created_and_its_address_learnt(session: ClientSession) -> None:
    async with serving(always(201, {"id": LONG_ID})) as server:
        opened = await connector_to(server.url, session).create_conversation(f"{server.url}/emea", BODY, token=TOKEN)
        assert opened == Opened(LONG_ID, f"{server.url}/emea", 201)
        assert (server.asked[0].method, server.asked[0].path) == ("POST", "/emea/v3/conversations")


@pytest.mark.parametrize(("moved", "taken"), [("{url}/amer/", True), ("https://evil.example/", False), (7, False)])
async def test_a_new_service_url_is_taken_only_if_it_is_the_clouds(
    session: ClientSession, moved: Any, taken: bool
) -> None:
    async with serving(always(201)) as server:
        told = moved.format(url=server.url) if isinstance(moved, str) else moved
        server.answering = always(201, {"id": "a:1", "serviceUrl": told})
        opened = await connector_to(server.url, session).create_conversation(server.url, BODY, token=TOKEN)
        assert opened.service_url == (told if taken else server.url)


async def test_an_activity_is_replaced(connector: Connector, server: Server) -> None:
    await connector.update_activity(server.url, "a:1", "17", BODY, token=TOKEN)
    asked = server.asked[0]
    assert (asked.method, asked.path, asked.body) == ("PUT", "/v3/conversations/a%3A1/activities/17", BODY)


@pytest.mark.parametrize("status", [200, 202, 204])
async def test_an_activity_is_taken_back(session: ClientSession, status: int) -> None:
    async with serving(always(status)) as server:
        taken_back = await connector_to(server.url, session).delete_activity(server.url, "a:1", "17", token=TOKEN)
        assert taken_back == Sent("17", status)
        assert (server.asked[0].method, server.asked[0].path) == ("DELETE", "/v3/conversations/a%3A1/activities/17")


async def test_members_are_read_page_after_page(session: ClientSession) -> None:
    ada = {"id": "29:1", "objectId": "a1", "name": "Ada", "tenantId": "t"}
    bob = {"id": "29:2", "aadObjectId": "a2", "email": "b@x", "userPrincipalName": "b@y"}
    pages = {None: {"members": [ada], "continuationToken": "n&2"}, "n&2": {"members": [bob, {"id": 7}, "x"]}}

    async def paged(asked: Asked) -> web.StreamResponse:
        query = parse_qs(urlsplit(asked.path).query)
        assert query["pageSize"] == ["2"]
        return web.json_response(pages[query.get("continuationToken", [None])[0]])

    async with serving(paged) as server:
        connector, at = connector_to(server.url, session), server.url
        first, following = await connector.members_page(at, "a:1", token=TOKEN, page_size=2)
        second, end = await connector.members_page(at, "a:1", token=TOKEN, page_size=2, following=following)
    assert [*first, *second] == [
        Account("29:1", "a1", "Ada", None, None, "t"),
        Account("29:2", "a2", None, "b@y", "b@x", None),
    ]
    assert (following, end) == ("n&2", None)


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/", "http://127.0.0.1:1/", "{url}@evil.example/", "{url}\\@evil.example", "{url}?x", "", "x"],
)
async def test_no_token_goes_to_a_host_that_is_not_the_clouds(connector: Connector, server: Server, url: str) -> None:
    at = url.format(url=server.url)
    for operation in (
        connector.send_activity(at, "a:1", BODY, token=TOKEN),
        connector.create_conversation(at, BODY, token=TOKEN),
        connector.update_activity(at, "a:1", "1", BODY, token=TOKEN),
        connector.delete_activity(at, "a:1", "1", token=TOKEN),
        connector.members_page(at, "a:1", token=TOKEN),
    ):
        assert await failure_of(operation) == Failure(Phase.KEPT_BACK, None, "host_not_allowed")
    assert server.asked == []


async def test_a_redirect_takes_no_token_along(session: ClientSession, server: Server) -> None:
    async with serving(always(307, headers={"Location": server.url})) as first:
        failure = await failure_of(connector_to(first.url, session).send_activity(first.url, "a:1", BODY, token=TOKEN))
    assert failure == Failure(Phase.REFUSED, 307, "")
    assert server.asked == []


@pytest.mark.parametrize(
    ("status", "said", "headers", "failure"),
    [
        (404, {"error": {"code": "ConversationNotFound"}}, {}, Failure(Phase.REFUSED, 404, "ConversationNotFound")),
        (429, {"error": {"code": "Throttled"}}, {"Retry-After": "7"}, Failure(Phase.REFUSED, 429, "Throttled", 7.0)),
        (
            503,
            b"<html>",
            {"Retry-After": "Sun, 22 Nov 2026 09:00:30 GMT", "Date": "Sun, 22 Nov 2026 09:00:00 GMT"},
            Failure(Phase.REFUSED, 503, "", 30.0),
        ),
        (
            403,
            {"errorCode": 209, "message": orjson.dumps({"subCode": "MessageWritesBlocked"}).decode()},
            {},
            Failure(Phase.REFUSED, 403, "MessageWritesBlocked"),
        ),
        (500, None, {}, Failure(Phase.REFUSED, 500, "")),
        (403, b"x" * (2 << 20), {}, Failure(Phase.REFUSED, 403, "")),
    ],
)
async def test_a_refusal_is_read_in_every_form(
    connector: Connector, server: Server, status: int, said: object, headers: dict[str, str], failure: Failure
) -> None:
    server.answering = always(status, said, headers=headers)
    assert await failure_of(connector.send_activity(server.url, "a:1", BODY, token=TOKEN)) == failure


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"", "broken_answer"),
        (b'{"id":"17', "broken_answer"),
        (b"<html>", "broken_answer"),
        (b"x" * (2 << 20), "broken_answer"),
        ([], "broken_answer"),
        ({}, "no_id"),
        ({"id": 17}, "no_id"),
        ({"id": ""}, "no_id"),
        ({"id": None}, "no_id"),
        ({"id": "x" * 5000}, "no_id"),
        ({"id": "1\n2"}, "no_id"),
    ],
)
@pytest.mark.parametrize("status", [200, 201, 202])
async def test_a_success_that_cannot_be_read_is_neither_sent_nor_refused(
    connector: Connector, server: Server, status: int, said: object, code: str
) -> None:
    server.answering = always(status, said)
    failure = await failure_of(connector.send_activity(server.url, "a:1", BODY, token=TOKEN))
    assert failure == Failure(Phase.UNREADABLE, status, code)


async def test_a_success_whose_body_breaks_off_is_neither_sent_nor_refused(session: ClientSession) -> None:
    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b'HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{"id":"17')
        await writer.drain()

    async with speaking(break_off) as url:
        failure = await failure_of(connector_to(url, session).send_activity(url, "a:1", BODY, token=TOKEN))
    assert failure == Failure(Phase.UNREADABLE, 201, "broken_answer")


async def test_a_stall_is_unanswered_after_the_timeout(session: ClientSession) -> None:
    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await asyncio.Event().wait()

    async with speaking(stall) as url:
        connector = connector_to(url, session, timeout=0.2)
        failure = await failure_of(connector.send_activity(url, "a:1", BODY, token=TOKEN))
    assert failure == Failure(Phase.UNANSWERED, None, "answer_timeout")


async def test_a_closed_port_is_unwritten(session: ClientSession) -> None:
    async with serving(always(200)) as server:
        url = server.url
    failure = await failure_of(connector_to(url, session).send_activity(url, "a:1", BODY, token=TOKEN))
    assert failure == Failure(Phase.UNWRITTEN, None, "connect_failed")
