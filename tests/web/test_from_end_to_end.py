"""A whole service with its worker, and a simulated Teams: what is asked over HTTP is seen in the person's chat."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bellwire.model.delivery import State
from bellwire.simulator import Actor
from tests.support.service import Running, running


@pytest.fixture
async def at_work(sqlite_url: str) -> AsyncIterator[Running]:
    async with running(sqlite_url) as service:
        yield service


async def adele(service: Running) -> Actor:
    person = service.teams.person("Adele")
    await person.install()
    return person


def said(person: Actor, on: str = "teams") -> list[str]:
    return [line.activity["text"] for line in person.received(on)]


async def amended(service: Running, delivery_id: str, progress: str) -> None:
    """Waits until the newest wish about a delivery stands there."""
    recorded = service.worker.signals.recorded.listen()
    while True:
        found = await service.call("GET", f"/v1/deliveries/{delivery_id}")
        if found.body["amendments"][-1]["progress"] == progress:
            return
        await recorded.get()


async def test_a_message_arrives_in_the_teams_chat_and_the_delivery_says_so(at_work: Running) -> None:
    person = await adele(at_work)
    await person.say("Hello from Copilot", on="copilot")
    sent = await at_work.client.send(to=person.aad_object_id, text="The build is green again.")
    done = await at_work.client.wait(sent.id)
    assert (done.state, done.attempt_count, done.conversation_id) == (State.SENT, 1, person.chat().id)
    assert [(attempt.step, attempt.outcome) for attempt in done.attempts] == [("post", "sent")]
    assert done.activity_id in person.chat().lines
    assert (said(person), said(person, on="copilot")) == (["The build is green again."], [])


async def test_whoever_is_waited_for_gets_the_message_after_the_install(at_work: Running) -> None:
    person = at_work.teams.person("Adele")
    sent = await at_work.client.send(to=person.aad_object_id, text="Welcome", if_unreachable="wait")
    assert sent.state is State.WAITING
    await person.install()
    assert (await at_work.client.wait(sent.id)).state is State.SENT
    assert said(person) == ["Welcome"]


async def test_what_was_sent_is_changed_and_taken_back_in_the_chat(at_work: Running) -> None:
    person = await adele(at_work)
    sent = await at_work.client.send(to=person.aad_object_id, text="The build is green.")
    await at_work.client.wait(sent.id)
    changed = await at_work.call("PUT", f"/v1/deliveries/{sent.id}/message", {"text": "The build is red."})
    await amended(at_work, sent.id, "done")
    assert (changed.status, said(person)) == (202, ["The build is red."])
    taken = await at_work.call("DELETE", f"/v1/deliveries/{sent.id}/message")
    await amended(at_work, sent.id, "done")
    assert (taken.status, said(person)) == (202, [])
    done = await at_work.client.delivery(sent.id)
    assert done.changed_at
    assert done.taken_back_at
    late = await at_work.call("PUT", f"/v1/deliveries/{sent.id}/message", {"text": "Too late"})
    assert (late.status, late.code) == (409, "taken_back")


async def test_one_message_to_many_arrives_with_each_of_them(at_work: Running) -> None:
    people = [await adele(at_work) for _ in range(3)]
    to = [person.aad_object_id for person in people]
    sent = await at_work.call("POST", "/v1/messages/bulk", {"to": to, "text": "Hello"})
    for delivery in (await at_work.client.deliveries(message_id=sent.body["message_id"])).items:
        await at_work.client.wait(delivery.id)
    assert [said(person) for person in people] == [["Hello"]] * 3
    books = await at_work.client.books(audit=True)
    assert (books.balanced, books.accepted, books.sent) == (True, 3, 3)


async def test_the_numbers_tell_what_became_of_requests(at_work: Running) -> None:
    person = await adele(at_work)
    await at_work.client.wait((await at_work.client.send(to=person.aad_object_id, text="Hello")).id)
    numbers = (await at_work.call("GET", "/metrics")).body
    assert 'bellwire_attempts_total{code="",outcome="sent",sender="alerts",step="post"} 1.0' in numbers
    assert 'bellwire_deliveries{sender="alerts",state="sent"} 1.0' in numbers


async def test_a_worker_that_stopped_makes_the_service_not_ready(at_work: Running) -> None:
    await at_work.worker.stop()
    ready = await at_work.call("GET", "/readyz")
    assert (ready.status, [check["code"] for check in ready.body["checks"] if not check["well"]]) == (
        503,
        ["worker_stopped"],
    )
