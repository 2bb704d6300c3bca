"""Requests through a forward proxy, to hosts whose names nobody but the proxy knows."""

from __future__ import annotations

import asyncio
import socket
import ssl
import traceback
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from aiohttp import ClientSession, ClientTimeout
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bellwire.net import FENCE, FENCED, Answer, NoAnswer, exchange, open_session
from tests.support.authority import trust
from tests.support.proxy import ForwardProxy, forwarding, lead_out
from tests.support.wire import Server, always, read_request, serving, speaking

HOST = "teams.example"
PASSWORD = "correct-horse-of-the-proxy"
LOGIN = f"bellwire:{PASSWORD}"
METHODS = pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "GET"])


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    return trust(trustme.CA(), tmp_path, monkeypatch)


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST, "localhost").configure_cert(context)
    return context


@pytest.fixture
async def teams(tls: ssl.SSLContext) -> AsyncIterator[Server]:
    """A server over https, which is at a name that only the proxy knows."""
    async with serving(always(200, {}), tls=tls) as server:
        server.url = server.url.replace("localhost", HOST)
        yield server


@pytest.fixture
async def proxy(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ForwardProxy]:
    async with forwarding() as running:
        lead_out(monkeypatch, running.url)
        yield running


@pytest.fixture
async def session(proxy: ForwardProxy, authority: trustme.CA) -> AsyncIterator[ClientSession]:
    async with open_session(timeout=5) as opened:
        yield opened


async def ask(session: ClientSession, url: str, method: str = "POST", timeout: ClientTimeout | None = None) -> Answer:
    content = b"{}" if method in ("POST", "PUT") else None
    return await exchange(session, method, URL(url), content=content, timeout=timeout)


async def failure(
    session: ClientSession, url: str, method: str = "POST", timeout: ClientTimeout | None = None
) -> NoAnswer:
    with pytest.raises(NoAnswer) as raised:
        await ask(session, url, method, timeout)
    assert PASSWORD not in "".join(traceback.format_exception(raised.value))
    return raised.value


@METHODS
async def test_https_goes_through_one_tunnel_that_is_kept(
    session: ClientSession, proxy: ForwardProxy, teams: Server, method: str
) -> None:
    for _ in range(3):
        assert (await ask(session, f"{teams.url}/v3", method)).status == 200
    assert proxy.asked == [f"CONNECT {teams.host}"]
    assert [asked.path for asked in teams.asked] == ["/v3"] * 3


async def test_plain_http_is_passed_on(session: ClientSession, proxy: ForwardProxy) -> None:
    async with serving(always(200, {})) as server:
        url = server.url.replace("127.0.0.1", "crm.example")
        assert (await ask(session, f"{url}/hook")).status == 200
        assert server.asked[0].path == "/hook"
    assert proxy.asked == [f"POST {url}/hook"]


async def test_the_proxy_gets_its_password_and_nobody_else_does(
    proxy: ForwardProxy, teams: Server, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy.login = LOGIN
    lead_out(monkeypatch, f"http://{LOGIN}@{proxy.place}")
    async with serving(always(200, {})) as plain, open_session(timeout=5) as session:
        for _ in range(2):
            assert (await ask(session, teams.url)).status == 200
            assert (await ask(session, plain.url.replace("127.0.0.1", "crm.example"))).status == 200
    assert "Proxy-Authorization" not in teams.asked[0].headers
    assert len([line for line in proxy.asked if line.startswith("CONNECT")]) == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_wants_a_password_is_told_from_the_other_side(
    session: ClientSession, proxy: ForwardProxy, scheme: str
) -> None:
    proxy.login = LOGIN
    lost = await failure(session, f"{scheme}://{HOST}/")
    assert (lost.kind, lost.written) == ("proxy_refused_407", False)


@METHODS
@pytest.mark.parametrize("status", [403, 407, 429, 502, 503])
async def test_a_proxy_that_refuses_the_tunnel_is_told_from_the_other_side(
    session: ClientSession, proxy: ForwardProxy, teams: Server, method: str, status: int
) -> None:
    proxy.refuses = status
    lost = await failure(session, teams.url, method)
    assert (lost.kind, lost.written) == (f"proxy_refused_{status}", False)
    assert teams.asked == []


@pytest.mark.parametrize("status", [403, 407, 502])
async def test_what_the_other_side_answers_through_the_tunnel_is_its_own(
    session: ClientSession, teams: Server, status: int
) -> None:
    teams.answering = always(status, {})
    assert (await ask(session, teams.url)).status == status


@METHODS
async def test_a_proxy_that_is_down_got_nothing(
    monkeypatch: pytest.MonkeyPatch, proxy: ForwardProxy, teams: Server, method: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    async with open_session(timeout=5) as session:
        lost = await failure(session, teams.url, method)
    assert (lost.kind, lost.written) == ("proxy_connect_failed", False)


@METHODS
async def test_a_proxy_that_nobody_knows_got_nothing(
    monkeypatch: pytest.MonkeyPatch, proxy: ForwardProxy, teams: Server, method: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{LOGIN}@nowhere.invalid:3128")
    async with open_session(timeout=5) as session:
        lost = await failure(session, teams.url, method)
    assert (lost.kind, lost.written) == ("proxy_host_not_found", False)


@METHODS
async def test_a_proxy_that_says_nothing_got_nothing(
    proxy: ForwardProxy, session: ClientSession, teams: Server, method: str
) -> None:
    proxy.silent = True
    lost = await failure(session, teams.url, method, ClientTimeout(total=5, connect=0.2))
    assert (lost.kind, lost.written) == ("proxy_connect_timeout", False)


@METHODS
@pytest.mark.parametrize(("said", "kind"), [(b"", "proxy_connection_lost"), (b"220 mail\r\n\r\n", "proxy_not_http")])
async def test_what_is_no_proxy_got_nothing(
    monkeypatch: pytest.MonkeyPatch, proxy: ForwardProxy, teams: Server, method: str, said: bytes, kind: str
) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)

    async with speaking(speak) as url:
        monkeypatch.setenv("HTTPS_PROXY", url)
        async with open_session(timeout=5) as session:
            lost = await failure(session, teams.url, method)
    assert (lost.kind, lost.written) == (kind, False)


async def test_a_kept_tunnel_that_was_closed_is_left_for_a_new_one(
    session: ClientSession, proxy: ForwardProxy, teams: Server
) -> None:
    """Its end is in the socket, but the event loop had no turn to see it."""
    await ask(session, teams.url)
    with socket.fromfd(proxy.callers[0].get_extra_info("socket").fileno(), socket.AF_INET, socket.SOCK_STREAM) as same:
        same.shutdown(socket.SHUT_RDWR)
    assert (await ask(session, teams.url)).status == 200
    assert proxy.asked == [f"CONNECT {teams.host}"] * 2
    assert len(teams.asked) == 2


async def test_a_certificate_that_is_not_trusted_inside_the_tunnel_got_nothing(
    proxy: ForwardProxy, teams: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    async with open_session(timeout=5) as session:
        lost = await failure(session, teams.url)
    assert (lost.kind, lost.written) == ("certificate_not_trusted", False)
    assert teams.asked == []


async def test_the_way_to_the_proxy_may_be_encrypted(
    teams: Server, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with forwarding(tls=tls) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        async with open_session(timeout=5) as session:
            for _ in range(2):
                assert (await ask(session, teams.url)).status == 200
        assert proxy.asked == [f"CONNECT {teams.host}"]
        monkeypatch.delenv("SSL_CERT_FILE")
        async with open_session(timeout=5) as session:
            lost = await failure(session, teams.url)
    assert (lost.kind, lost.written) == ("proxy_certificate_not_trusted", False)


async def test_what_no_proxy_names_is_reached_directly(
    proxy: ForwardProxy, teams: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", ".example")
    async with open_session(timeout=5) as session:
        lost = await failure(session, teams.url)
    assert lost.kind == "host_not_found"
    assert proxy.asked == []


async def test_this_machine_is_reached_directly(session: ClientSession, proxy: ForwardProxy) -> None:
    async with serving(always(200, {})) as server:
        assert (await ask(session, server.url)).status == 200
    assert proxy.asked == []


@METHODS
async def test_who_may_not_write_any_more_writes_nothing_into_the_tunnel(
    session: ClientSession, teams: Server, method: str
) -> None:
    token = FENCE.set(lambda: False)
    try:
        lost = await failure(session, teams.url, method)
    finally:
        FENCE.reset(token)
    assert (lost.kind, lost.written) == (FENCED, False)
    assert teams.asked == []


async def test_who_loses_the_right_while_the_tunnel_is_made_writes_nothing(
    session: ClientSession, proxy: ForwardProxy, teams: Server
) -> None:
    token = FENCE.set(lambda: not proxy.asked)
    try:
        lost = await failure(session, teams.url)
    finally:
        FENCE.reset(token)
    assert (lost.kind, lost.written) == (FENCED, False)
    assert proxy.asked == [f"CONNECT {teams.host}"]
    assert teams.asked == []


@METHODS
async def test_a_tunnel_that_breaks_after_the_request_may_have_let_it_through(
    session: ClientSession, proxy: ForwardProxy, tls: ssl.SSLContext, method: str
) -> None:
    requests = []

    async def read_and_break(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await read_request(reader))
        proxy.callers[-1].transport.abort()

    async with speaking(read_and_break, tls=tls) as url:
        lost = await failure(session, url.replace("http://127.0.0.1", f"https://{HOST}"), method)
    assert (lost.kind, lost.written) == ("connection_lost", True)
    assert len(requests) == 1, "it was sent again by itself"


class Knowing(AbstractResolver):
    """A name server of the own network, to which every name leads to these addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host=to, port=port, family=2, proto=0, flags=0) for to in self.addresses]

    async def close(self) -> None:
        pass


async def test_a_public_receiver_is_reached_through_a_proxy_in_the_own_network(
    proxy: ForwardProxy, teams: Server
) -> None:
    async with open_session(timeout=5, public_only=True) as session:
        assert (await ask(session, teams.url)).status == 200, "names are not known here, and the proxy is at 127.0.0.1"


@pytest.mark.parametrize("host", ["10.1.2.3", "192.168.1.1", "[fd00::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1"])
async def test_no_proxy_is_asked_for_an_address_inside(proxy: ForwardProxy, host: str) -> None:
    async with open_session(timeout=5, public_only=True) as session:
        lost = await failure(session, f"https://{host}:9/")
    assert (lost.kind, lost.written) == ("address_not_public", False)
    assert proxy.asked == []


async def test_no_proxy_is_asked_for_a_name_that_leads_inside(proxy: ForwardProxy, teams: Server) -> None:
    async with open_session(timeout=5, public_only=True) as session:
        assert session.connector is not None
        session.connector._resolver = Knowing("8.8.8.8", "10.1.2.3")  # type: ignore[attr-defined]  # its own place
        assert (await failure(session, teams.url)).kind == "address_not_public"
    assert proxy.asked == []


async def test_without_the_guard_the_own_network_is_reached_through_the_proxy(
    session: ClientSession, proxy: ForwardProxy
) -> None:
    async with serving(always(200, {})) as server:
        assert (await ask(session, server.url.replace("127.0.0.1", "10.1.2.3"))).status == 200


async def test_no_password_is_in_a_log(
    proxy: ForwardProxy, teams: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor in what the event loop would say of a connection that nobody closed."""
    caplog.set_level("DEBUG")
    asyncio.get_running_loop().set_debug(True)
    monkeypatch.setenv("HTTPS_PROXY", f"http://{LOGIN}@{proxy.place}")
    teams.answering = always(200, b" " * 1_000_000)
    async with open_session(timeout=5) as session:
        async with session.get(teams.url) as unread:
            shown = f"{unread!r} {unread.connection!r} {unread.request_info!r}"
        proxy.refuses = 403
        assert (await failure(session, f"https://{HOST}/")).kind == "proxy_refused_403"
    assert "ConnectionKey" in shown
    assert PASSWORD not in shown + caplog.text
    assert b64encode(LOGIN.encode()).decode() not in shown + caplog.text
