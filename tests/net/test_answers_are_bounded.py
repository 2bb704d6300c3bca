"""What comes back is limited in size, followed nowhere and never unpacked."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from yarl import URL

from bellwire.net import exchange, open_session
from tests.support.wire import always, read_request, serving, speaking


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with open_session(timeout=5) as opened:
        yield opened


async def test_an_answer_arrives_with_status_headers_and_body(session: ClientSession) -> None:
    async with serving(always(201, {"id": "1"}, headers={"Retry-After": "3"})) as server:
        answer = await exchange(session, "POST", URL(server.url), content=b"{}")
    assert (answer.status, answer.body, answer.headers["retry-after"]) == (201, b'{"id":"1"}', "3")


async def test_a_body_larger_than_allowed_is_not_kept(session: ClientSession) -> None:
    async with serving(always(200, b"x" * 1001)) as server:
        answer = await exchange(session, "GET", URL(server.url), most=1000)
        enough = await exchange(session, "GET", URL(server.url), most=1001)
    assert (answer.status, answer.body) == (200, None)
    assert enough.body == b"x" * 1001


async def test_a_body_without_end_is_cut_off(session: ClientSession) -> None:
    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
            await writer.drain()

    async with speaking(pour) as url:
        answer = await exchange(session, "GET", URL(url), most=10_000)
    assert (answer.status, answer.body) == (200, None)


async def test_a_chunked_body_arrives_whole(session: ClientSession) -> None:
    async def chunked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n1\r\n \r\n0\r\n\r\n")
        await reader.read()

    async with speaking(chunked) as url:
        answer = await exchange(session, "GET", URL(url), most=10)
    assert answer.body == b"{} "


@pytest.mark.parametrize("rest", [b"Content-Length: 100\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"])
async def test_a_body_that_breaks_off_leaves_the_status(session: ClientSession, rest: bytes) -> None:
    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 201 Created\r\n" + rest)
        await writer.drain()

    async with speaking(break_off) as url:
        answer = await exchange(session, "POST", URL(url), content=b"{}")
    assert (answer.status, answer.body) == (201, None)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_an_answer_and_not_followed(session: ClientSession, status: int) -> None:
    async with serving(always(200)) as target, serving(always(status, headers={"Location": target.url})) as server:
        answer = await exchange(
            session, "POST", URL(server.url), content=b"{}", headers={"Authorization": "Bearer secret"}
        )
        assert answer.status == status
        assert target.asked == []


async def test_packed_answers_are_neither_asked_for_nor_unpacked(session: ClientSession) -> None:
    bomb = gzip.compress(b"0" * 10_000_000)
    async with serving(always(200, bomb, headers={"Content-Encoding": "gzip"})) as server:
        answer = await exchange(session, "GET", URL(server.url), most=100_000)
        assert answer.body == bomb
        assert server.asked[0].headers["Accept-Encoding"] == "identity"


async def test_cookies_are_not_kept(session: ClientSession) -> None:
    async with serving(always(200, {}, headers={"Set-Cookie": "a=b"})) as server:
        await exchange(session, "GET", URL(server.url))
        await exchange(session, "GET", URL(server.url))
        assert "Cookie" not in server.asked[1].headers


async def test_connections_are_used_again(session: ClientSession) -> None:
    ports = set()

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            ports.add(writer.get_extra_info("peername")[1])
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with speaking(note) as url:
        for _ in range(5):
            await exchange(session, "POST", URL(url), content=b"{}")
    assert len(ports) == 1
