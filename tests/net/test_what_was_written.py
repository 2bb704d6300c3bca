"""After a failed request one thing has to be certain: whether the other side may have acted."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from yarl import URL

from bellwire.net import FENCE, FENCED, NoAnswer, exchange, open_session, timeouts
from tests.support.wire import read_request, speaking

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with open_session(timeout=5) as opened:
        yield opened


async def failure(session: ClientSession, url: str, method: str = "POST", **how: float) -> NoAnswer:
    timeout = timeouts(how["timeout"]) if "timeout" in how else None
    content = None if method in ("GET", "DELETE") else b'{"text":"hello"}'
    with pytest.raises(NoAnswer) as raised:
        await exchange(session, method, URL(url), content=content, timeout=timeout)
    return raised.value


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "GET"])
async def test_a_refused_connection_wrote_nothing(session: ClientSession, method: str) -> None:
    lost = await failure(session, f"http://127.0.0.1:{unused_port()}/", method)
    assert (lost.kind, lost.written) == ("connect_failed", False)


async def test_an_unknown_host_wrote_nothing(session: ClientSession) -> None:
    lost = await failure(session, "http://nowhere.invalid/")
    assert (lost.kind, lost.written) == ("host_not_found", False)


@pytest.mark.parametrize("host", ["a..b", ".foo", "a" * 64, "a." * 127 + "example"])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_host_that_is_no_name_wrote_nothing(session: ClientSession, method: str, host: str) -> None:
    """IDNA refuses it before anybody is asked."""
    lost = await failure(session, f"https://{host}/x", method)
    assert (lost.kind, lost.written) == ("host_not_found", False)


async def test_a_connection_that_is_not_accepted_in_time_wrote_nothing(session: ClientSession) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        # The backlog is full now, so that the next handshake is left without an answer.
        crowd = [socket.socket() for _ in range(3)]
        for one in crowd:
            one.setblocking(False)
            one.connect_ex(address)
        lost = await failure(session, f"http://127.0.0.1:{address[1]}/", timeout=0.3)
        for one in crowd:
            one.close()
    assert (lost.kind, lost.written) == ("connect_timeout", False)


async def test_a_failed_tls_handshake_wrote_nothing(session: ClientSession) -> None:
    async def not_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with speaking(not_tls) as url:
        lost = await failure(session, url.replace("http:", "https:"))
    assert lost.written is False


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "GET"])
async def test_a_connection_closed_after_the_request_was_read_may_have_acted(
    session: ClientSession, method: str
) -> None:
    requests = []

    async def read_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await read_request(reader))
        writer.close()

    async with speaking(read_and_close) as url:
        lost = await failure(session, url, method)
    assert (lost.kind, lost.written) == ("connection_lost", True)
    assert len(requests) == 1, "it was sent again by itself"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "GET"])
async def test_a_reset_after_the_request_was_read_may_have_acted(session: ClientSession, method: str) -> None:
    requests = []

    async def read_and_reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await read_request(reader))
        reset(writer)

    async with speaking(read_and_reset) as url:
        lost = await failure(session, url, method)
    assert (lost.kind, lost.written) == ("connection_lost", True)
    assert len(requests) == 1, "it was sent again by itself"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "GET"])
async def test_a_used_connection_that_breaks_is_not_tried_again_by_itself(session: ClientSession, method: str) -> None:
    requests = []

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await read_request(reader))
        writer.write(OK)
        requests.append(await read_request(reader))
        reset(writer)

    async with speaking(answer_once) as url:
        first = await exchange(session, method, URL(url), content=b"{}" if method in ("POST", "PUT") else None)
        lost = await failure(session, url, method)
    assert first.status == 200
    assert lost.written is True
    assert len(requests) == 2, "it was sent again by itself"


async def test_a_stall_after_the_request_was_read_may_have_acted(session: ClientSession) -> None:
    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        await asyncio.Event().wait()

    async with speaking(stall) as url:
        lost = await failure(session, url, timeout=0.2)
    assert (lost.kind, lost.written) == ("answer_timeout", True)


async def test_a_server_that_never_reads_may_have_acted(session: ClientSession) -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reader._transport.pause_reading()  # type: ignore[attr-defined]  # asyncio has no public way to it
        await asyncio.Event().wait()

    async with speaking(deaf) as url:
        lost = await failure(session, url, timeout=0.2)
    assert (lost.kind, lost.written) == ("answer_timeout", True)


async def test_what_is_not_http_may_have_acted(session: ClientSession) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        await writer.drain()
        await reader.read()

    async with speaking(babble) as url:
        lost = await failure(session, url)
    assert (lost.kind, lost.written) == ("not_http", True)


async def test_a_pooled_connection_found_closed_is_left_for_a_new_one(session: ClientSession) -> None:
    """The server's end of connection is in the socket, but the event loop had no turn to see it."""
    requests, connections = [], []

    async def answer_and_keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        while True:
            requests.append(await read_request(reader))
            writer.write(OK)

    async with speaking(answer_and_keep) as url:
        await exchange(session, "POST", URL(url), content=b"{}")
        shut_down(connections[0])
        answer = await exchange(session, "POST", URL(url), content=b"{}")
    assert answer.status == 200
    assert (len(connections), len(requests)) == (2, 2)


async def test_when_all_pooled_connections_are_closed_a_new_one_is_made(session: ClientSession) -> None:
    connections: list[asyncio.StreamWriter] = []
    together = asyncio.Barrier(4)

    async def answer_and_keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        fresh = len(connections) <= 4
        while True:
            await read_request(reader)
            if fresh:
                await together.wait()
            writer.write(OK)

    async with speaking(answer_and_keep) as url:
        await asyncio.gather(*[exchange(session, "POST", URL(url), content=b"{}") for _ in range(4)])
        for connection in connections:
            shut_down(connection)
        answer = await exchange(session, "POST", URL(url), content=b"{}")
    assert (answer.status, len(connections)) == (200, 5)


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with RST instead of FIN."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def shut_down(writer: asyncio.StreamWriter) -> None:
    """Close the connection below the event loop's feet."""
    with socket.fromfd(writer.get_extra_info("socket").fileno(), socket.AF_INET, socket.SOCK_STREAM) as same:
        same.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_who_may_not_write_any_more_writes_nothing(session: ClientSession, method: str) -> None:
    """The connection is made; the right to write ends before the first byte."""
    arrived = list[bytes]()

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.append(await reader.read(1))
        writer.close()

    async with speaking(server) as url:
        token = FENCE.set(lambda: False)
        try:
            lost = await failure(session, url, method)
        finally:
            FENCE.reset(token)
        await session.close()
    assert (lost.kind, lost.written) == (FENCED, False)
    assert set(arrived) <= {b""}
