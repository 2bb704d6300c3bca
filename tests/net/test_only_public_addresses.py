"""With ``public_only`` no connection is made into a private network, whatever the address looks like."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bellwire.net import NoAnswer, exchange, open_session
from tests.support.wire import always, serving


async def refused(url: str, **how: Any) -> NoAnswer:
    async with open_session(timeout=5, public_only=True) as session:
        if "resolver" in how:
            assert session.connector is not None
            session.connector._resolver = how["resolver"]  # type: ignore[attr-defined]  # the library's own place for it
        with pytest.raises(NoAnswer) as raised:
            await exchange(session, "POST", URL(url, encoded=True), content=b"{}")
    return raised.value


class Answering(AbstractResolver):
    """A name server whose answer changes from one time to the next."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        host_ = self.answers.pop(0)
        found = socket.AF_INET6 if ":" in host_ else socket.AF_INET
        return [ResolveResult(hostname=host, host=host_, port=port, family=found, proto=0, flags=0)]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]"])
async def test_this_machine_is_not_connected_to(host: str) -> None:
    async with serving(always(200)) as server:
        lost = await refused(f"http://{host}:{server.url.rpartition(':')[2]}/")
        assert server.asked == []
    assert (lost.kind, lost.written) == ("address_not_public", False)


@pytest.mark.parametrize("host", ["10.1.2.3", "192.168.1.1", "169.254.169.254", "[fe80::1]", "[fd00::1]"])
async def test_nothing_is_sent_into_a_private_network(host: str) -> None:
    assert (await refused(f"http://{host}:9/")).kind == "address_not_public"


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0x7f.1", "0177.0.0.1"])
async def test_an_address_in_disguise_is_not_connected_to(host: str) -> None:
    async with serving(always(200)) as server:
        assert not (await refused(f"http://{host}:{server.url.rpartition(':')[2]}/")).written
        assert server.asked == []


async def test_a_name_that_leads_inside_is_not_followed() -> None:
    async with serving(always(200)) as server:
        port = server.url.rpartition(":")[2]
        lost = await refused(f"http://receiver.example:{port}/", resolver=Answering("127.0.0.1"))
        assert server.asked == []
    assert lost.kind == "address_not_public"


async def test_a_name_that_leads_inside_the_second_time_is_not_followed_then() -> None:
    """What was looked up before is of no account: the address that is connected to decides."""
    resolver = Answering("8.8.8.8", "127.0.0.1")
    await resolver.resolve("receiver.example")
    async with serving(always(200)) as server:
        port = server.url.rpartition(":")[2]
        assert (await refused(f"http://receiver.example:{port}/", resolver=resolver)).kind == "address_not_public"
        assert server.asked == []


async def test_without_the_guard_this_machine_is_reached() -> None:
    async with serving(always(200, {})) as server, open_session(timeout=5) as session:
        assert (await exchange(session, "POST", URL(server.url), content=b"{}")).status == 200
