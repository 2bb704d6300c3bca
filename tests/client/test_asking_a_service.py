"""Every call of the client, against a real service: what comes back, and which errors are raised."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from microsoft_teams.cards import AdaptiveCard, TextBlock

from bellwire.client import AsyncClient, Client
from bellwire.errors import Conflict, IdempotencyConflict, InvalidInput, InvalidKey, NotFound, Unavailable, Unreachable
from bellwire.model.delivery import State
from tests.support.proxy import forwarding, lead_out
from tests.support.service import Running
from tests.support.wire import speaking

NOBODY = "5d0e1f9c-2b6a-4a53-9f0e-7b1c3c1d2e4f"


@contextlib.contextmanager
def nobody_there() -> Iterator[str]:
    """An address that is taken, and where nobody answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


async def installed(service: Running) -> str:
    adele = service.teams.person("Adele")
    await adele.install()
    return adele.aad_object_id


async def test_a_text_is_sent_and_asked_about(service: Running) -> None:
    client, to = service.client, await installed(service)
    later = datetime(2090, 1, 1, tzinfo=UTC)
    sent = await client.send(to=to, text="Hello", reference="r", priority="urgent", send_at=later)
    assert (sent.state, sent.final, sent.sent, sent.reference, sent.run_at) == (State.QUEUED, False, False, "r", later)
    assert (sent.aad_object_id, sent.tenant_id, sent.attempts) == (to, service.teams.bot.tenant_id, ())
    assert await client.delivery(sent.id) == sent
    assert (await client.deliveries(state=State.QUEUED, aad_object_id=to)).items == [sent]


@pytest.mark.parametrize("typed", [True, False])
async def test_a_card_is_sent_as_a_mapping_or_as_a_typed_card(service: Running, typed: bool) -> None:
    card = AdaptiveCard(body=[TextBlock(text="Hello")])
    to = {"aad_object_id": await installed(service), "tenant_id": service.teams.bot.tenant_id}
    plain = card.model_dump(by_alias=True, exclude_none=True)
    sent = await service.client.send(to=to, card=card if typed else plain, summary="Hello")
    assert sent.state is State.QUEUED


async def test_a_delivery_is_cancelled_and_sent_again(service: Running) -> None:
    client = service.client
    sent = await client.send(to=await installed(service), text="Hello")
    cancelled = await client.cancel(sent.id)
    again = await client.resend(sent.id)
    assert (cancelled.state, cancelled.final, cancelled.reason) == (State.CANCELLED, True, "cancelled")
    assert cancelled.remedy
    assert (again.resend_of, again.message_id) == (sent.id, sent.message_id)
    assert await client.wait(sent.id) == cancelled


async def test_one_message_is_sent_to_many(service: Running) -> None:
    here = await installed(service)
    sent = await service.client.send_to_many(to=[here, NOBODY, here], text="Hello", reference="canteen")
    assert (sent.accepted, sent.waiting, sent.duplicates, sent.refused) == (1, 0, 1, {NOBODY: "never_seen"})
    (delivery,) = await service.client.deliveries(message_id=sent.message_id)
    assert (delivery.aad_object_id, delivery.reference, delivery.priority) == (here, "canteen", "bulk")


async def test_what_waits_is_changed_and_taken_back(service: Running) -> None:
    sent = await service.client.send(to=await installed(service), text="Hello")
    changed = await service.client.change(sent.id, text="Good bye")
    taken = await service.client.take_back(sent.id)
    assert changed.changed_at is not None
    assert taken.state is State.CANCELLED
    with pytest.raises(Conflict):
        await service.client.change(sent.id, text="Hello")


async def test_waiting_ends_with_the_timeout_and_the_delivery_as_it_is(service: Running) -> None:
    sent = await service.client.send(to=await installed(service), text="Hello")
    assert (await service.client.wait(sent.id, timeout=0)).state is State.QUEUED


async def test_people_are_asked_about_one_by_one_and_all_together(service: Running) -> None:
    client, to = service.client, await installed(service)
    person = await client.person(to, tenant_id=service.teams.bot.tenant_id)
    (reach,) = person.senders
    assert (reach.sender, reach.reachable, reach.way, reach.seen_on) == (
        "alerts",
        True,
        "teams_chat",
        ("teams_personal",),
    )
    assert reach.conversation_id
    assert [each async for each in client.everyone()] == [person]
    assert list(await client.people(state="reachable", limit=1)) == [person]


async def test_the_books_are_read_and_audited(service: Running) -> None:
    await service.client.send(to=await installed(service), text="Hello")
    books = await service.client.books(audit=True)
    assert (books.balanced, books.accepted, books.open) == (True, 1, 1)
    assert [line.accepted for line in books.lines] == [1]


async def test_a_refusal_is_the_services_own_error(service: Running) -> None:
    client = service.client
    with pytest.raises(Unreachable) as unreachable:
        await client.send(to=NOBODY, text="Hello")
    with pytest.raises(InvalidInput) as invalid:
        await client.send(to=NOBODY, text="")
    with pytest.raises(NotFound) as missing:
        await client.send(to=NOBODY, text="Hello", sender="nobody")
    with pytest.raises(NotFound):
        await client.delivery("01932f6e-7c1a-7b3e-9d41-0f6e2c1b5a77")
    with pytest.raises(Unreachable) as unresolved:
        await client.send(to="adele@contoso.example", text="Hello")
    assert (unreachable.value.code, unreachable.value.field) == ("never_seen", "to")
    assert (invalid.value.field, missing.value.code) == ("text", "sender_unknown")
    assert unresolved.value.code == "no_such_person"
    assert "Have the app installed" in unreachable.value.remedy


async def test_a_conflict_is_told_apart_by_its_class(service: Running) -> None:
    client, to = service.client, await installed(service)
    sent = await client.send(to=to, text="Hello", idempotency_key="k")
    assert await client.send(to=to, text="Hello", idempotency_key="k") == sent
    with pytest.raises(IdempotencyConflict):
        await client.send(to=to, text="Good bye", idempotency_key="k")
    with pytest.raises(Conflict) as open_still:
        await client.resend(sent.id)
    assert open_still.value.code == "still_open"


async def test_a_wrong_key_and_a_wrong_address_are_told_apart(service: Running) -> None:
    async with AsyncClient(service.url, key="wrong") as stranger:
        with pytest.raises(InvalidKey):
            await stranger.books()
    with nobody_there() as url:
        async with AsyncClient(url, key="k") as lost:
            with pytest.raises(Unavailable) as silent:
                await lost.books()
    assert url in silent.value.detail


async def test_the_client_for_ordinary_code_does_the_same(service: Running) -> None:
    to = await installed(service)

    def ordinary() -> None:
        with Client(service.url, key=service.key) as client:
            sent = client.send(to=to, text="Hello")
            assert client.delivery(sent.id) == sent
            assert client.cancel(sent.id).state is State.CANCELLED
            assert client.wait(sent.id).final
            assert client.resend(sent.id).resend_of == sent.id
            assert len(client.deliveries(limit=1)) == 1
            assert client.person(to, tenant_id=sent.tenant_id) == client.people().items[0] == next(client.everyone())
            assert client.send_to_many(to=[to], text="Hello").accepted == 1
            assert client.change(client.send(to=to, text="Hello").id, text="Ho").changed_at
            assert client.take_back(client.send(to=to, text="Hello").id).state is State.CANCELLED
            assert client.books().accepted == 5
            with pytest.raises(Unreachable):
                client.send(to=NOBODY, text="Hello")

    await asyncio.to_thread(ordinary)


async def test_the_address_and_the_key_may_come_from_the_environment(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BELLWIRE_URL", service.url)
    monkeypatch.setenv("BELLWIRE_API_KEY", service.key)
    async with AsyncClient() as client:
        assert (await client.books()).accepted == 0


async def test_neither_the_key_nor_the_proxys_password_is_in_what_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 mail\r\n\r\n")

    async with speaking(speak) as url:
        lead_out(monkeypatch, url.replace("://", "://bellwire:correct-horse@"))
        async with AsyncClient("http://bellwire.example", key="the-key") as client:
            with pytest.raises(Unavailable) as raised:
                await client.books()
    assert raised.value.__suppress_context__
    assert "Authorization" not in repr(raised.value.__cause__), (
        "what the HTTP client raises shows the request's headers"
    )


async def test_a_service_elsewhere_is_reached_through_the_proxy_and_one_on_this_machine_is_not(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with forwarding() as proxy:
        lead_out(monkeypatch, proxy.url)
        async with AsyncClient(service.url, key=service.key) as client:
            assert (await client.books()).accepted == 0
        assert proxy.asked == []
        elsewhere = service.url.replace("127.0.0.1", "bellwire.example")
        async with AsyncClient(elsewhere, key=service.key) as client:
            assert (await client.books()).accepted == 0
        assert proxy.asked == [f"GET {elsewhere}/v1/books"]
        proxy.refuses = 403
        async with AsyncClient("https://bellwire.example", key=service.key) as client:
            with pytest.raises(Unavailable) as refused:
                await client.books()
    assert refused.value.detail.endswith("does not answer: proxy refused 403.")


def test_a_closed_client_may_be_closed_again() -> None:
    client = Client("http://127.0.0.1:1")
    client.close()
    client.close()
