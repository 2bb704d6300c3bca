"""A bot whose Bellwire is a service: it tells the service what it hears, and sends through it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from bellwire.embed.attached import Attached
from bellwire.embed.opening import Service, opening
from bellwire.embed.remote import Remote
from bellwire.embed.told import told
from bellwire.errors import InvalidInput, NotFound, Unavailable, Unreachable
from bellwire.simulator import Actor
from bellwire.simulator.activities import message
from tests.embed.bots import bot_of, running_bot, sending_of, with_more
from tests.embed.conftest import environment_or_skip
from tests.embed.environments import KINDS
from tests.support.service import Running, running


@pytest.fixture
async def service(sqlite_url: str) -> AsyncIterator[Running]:
    async with running(sqlite_url) as service:
        yield service


@asynccontextmanager
async def attached_to(service: Running) -> AsyncIterator[Attached]:
    attached = Attached(opening(Service(service.url, service.key)))
    try:
        yield attached
    finally:
        await asyncio.to_thread(attached.close)  # the service runs in this event loop


async def test_a_bot_tells_the_service_and_sends_through_it(service: Running, tmp_path: Path) -> None:
    kind = KINDS[0]
    environment = await environment_or_skip(kind)
    there = {"BELLWIRE_URL": service.url, "BELLWIRE_API_KEY": service.key}
    source = with_more(bot_of(kind.name), sending_of(kind.name))
    async with running_bot(source, tmp_path / "bot", environment, service.teams, there) as bot:
        service.teams.bot_endpoint = bot.endpoint
        adele = service.teams.person("Adele")
        await adele.install()
        await adele.say("hi", on="copilot")
        url = f"{bot.url}/api/notify"
        async with aiohttp.ClientSession() as session, session.post(url, params={"to": adele.aad_object_id}) as answer:
            assert answer.status == 200
            delivery = await answer.json()
    assert (await service.client.wait(delivery["delivery"])).sent
    assert [line.activity["text"] for line in adele.received()] == ["Your report is ready."]
    assert [line.activity["text"] for line in adele.received("copilot")] == ["You said: hi"]


async def test_a_person_may_be_named_by_any_address_of_their_mailbox(service: Running) -> None:
    adele = service.teams.person("Adele", upn="adele@contoso.example", aliases=["a.vance@contoso.example"])
    await adele.install()
    async with attached_to(service) as attached:
        for name in (adele.aad_object_id, "adele@contoso.example", "a.vance@contoso.example"):
            assert (await service.client.wait(await attached.send(to=name, text="Hello"))).sent
        with pytest.raises(InvalidInput, match="Use one of fail, wait, install"):
            await attached.send(to=adele.aad_object_id, text="Hello", if_unreachable="waits")


async def test_a_message_goes_out_on_the_terms_that_the_bot_gives(service: Running) -> None:
    adele = service.teams.person("Adele")
    start, until = datetime(2100, 1, 15, 9, 0, tzinfo=UTC), datetime(2100, 1, 15, 9, 30, tzinfo=UTC)
    async with attached_to(service) as attached:
        delivery_id = await attached.send(
            to=adele.aad_object_id,
            text="Hello",
            priority="urgent",
            send_at=start,
            expires_at=until,
            if_unreachable="wait",
            on_unknown="resend",
            reference="build-4711",
        )
        with pytest.raises(InvalidInput, match="Use one of urgent, normal, bulk"):
            await attached.send(to=adele.aad_object_id, text="Hello", priority="high")
    delivery = await service.client.delivery(delivery_id)
    assert (delivery.state, delivery.priority, delivery.run_at) == ("waiting", "urgent", start)
    assert (delivery.expires_at, delivery.on_unknown, delivery.reference) == (until, "resend", "build-4711")


async def test_a_bot_that_asks_twice_with_one_key_sends_once(service: Running) -> None:
    adele = service.teams.person("Adele")
    await adele.install()
    async with attached_to(service) as attached:
        twice = [await attached.send(to=adele.aad_object_id, text="Hello", idempotency_key="run-1") for _ in range(2)]
        assert (await service.client.wait(twice[0])).sent
    assert twice[0] == twice[1]
    assert [line.activity["text"] for line in adele.received()] == ["Hello"]


async def test_the_chat_that_it_knows_is_given_out_only_while_it_may_be_written_to(service: Running) -> None:
    adele = service.teams.person("Adele")
    await adele.install()
    async with Remote.open(service.url, service.key) as remote:
        chat = await remote.chat(adele.tenant_id, adele.aad_object_id, None)
        assert (chat.conversation_id, chat.service_url) == (adele.chat().id, adele.service_url)
        assert (chat.app_id, chat.user_id) == (service.teams.bot.app_id, adele.user_id)
        await adele.uninstall()
        with pytest.raises(Unreachable, match="removed the app"):
            await remote.chat(adele.tenant_id, adele.aad_object_id, None)
        stranger = service.teams.person("Stranger")
        with pytest.raises(NotFound):
            await remote.chat(stranger.tenant_id, stranger.aad_object_id, None)


async def test_what_the_service_refuses_is_counted(service: Running) -> None:
    elsewhere = "https://elsewhere.example/"
    adele = service.teams.person("Adele")
    async with attached_to(service) as attached:
        for service_url in (adele.service_url, elsewhere):
            claims = {"aud": service.teams.bot.app_id, "serviceurl": service_url}
            attached.offer(lambda claims=claims, url=service_url: told(claims, said(adele, url)))  # type: ignore[misc]
    assert (attached.counts.taken, attached.counts.refused) == (1, 1)


async def test_a_bad_key_costs_nothing_that_was_told(service: Running) -> None:
    async with Remote.open(service.url, "no-key") as remote:
        adele = service.teams.person("Adele")
        claims = {"aud": service.teams.bot.app_id, "serviceurl": adele.service_url}
        with pytest.raises(Unavailable):
            await remote.take([told(claims, said(adele, adele.service_url))])


def said(person: Actor, service_url: str) -> dict[str, object]:

    return message(person.stage(person.chat()), "hi") | {"serviceUrl": service_url}
