"""A whole service whose only way to Teams is a forward proxy."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from bellwire.client import Delivery
from bellwire.model.delivery import State
from bellwire.simulator import Simulator
from tests.support.authority import trust
from tests.support.proxy import ForwardProxy, forwarding, lead_out
from tests.support.service import Running, running

HOST = "teams.example"
LOGIN = "bellwire:correct-horse-of-the-proxy"


@pytest.fixture
async def proxy(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ForwardProxy]:
    async with forwarding() as opened:
        opened.login = LOGIN
        lead_out(monkeypatch, f"http://{LOGIN}@{opened.place}", NO_PROXY="127.0.0.1")
        yield opened


@pytest.fixture
async def service(
    proxy: ForwardProxy, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    """Its Teams speaks https, and is at a name that only the proxy knows."""
    authority, tls = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST).configure_cert(tls)
    trust(authority, tmp_path, monkeypatch)
    async with Simulator(tls=tls) as teams:
        teams.be_at(f"https://{HOST}:{teams.port}")
        async with running(sqlite_url, teams=teams) as opened:
            yield opened


async def tried(service: Running, sent: Delivery) -> Delivery:
    """The delivery once an attempt of it is over."""
    recorded = service.worker.signals.recorded.listen()
    while not (now := await service.client.delivery(sent.id)).attempts or now.attempts[0].outcome is None:
        await recorded.get()
    return now


async def test_keys_tokens_people_and_messages_come_and_go_through_it(service: Running, proxy: ForwardProxy) -> None:
    person = service.teams.person("Adele Vance")
    service.teams.entra.consent("User.Read.All")
    await person.install()
    sent = await service.client.send(to={"email": person.person.email}, text="The build is green.")
    assert (await service.client.wait(sent.id)).state is State.SENT
    assert [line.activity["text"] for line in person.received()] == ["The build is green."]
    assert set(proxy.asked) == {f"CONNECT {HOST}:{service.teams.port}"}


async def test_a_proxy_that_refuses_is_no_answer_of_teams_and_is_tried_again(
    service: Running, proxy: ForwardProxy
) -> None:
    person = service.teams.person("Adele Vance")
    await person.install()
    await service.client.wait((await service.client.send(to=person.aad_object_id, text="First")).id)
    proxy.refuses = 403
    proxy.hang_up()
    sent = await service.client.send(to=person.aad_object_id, text="Second")
    refused = await tried(service, sent)
    assert refused.state is State.QUEUED
    (attempt,) = refused.attempts
    assert (attempt.outcome, attempt.status, attempt.code) == ("retry", None, "proxy_refused_403")
    proxy.refuses = None
    assert (await service.client.wait(sent.id)).state is State.SENT
    assert [line.activity["text"] for line in person.received()] == ["First", "Second"]
    books = await service.client.books(audit=True)
    assert (books.balanced, books.accepted, books.sent) == (True, 2, 2)
