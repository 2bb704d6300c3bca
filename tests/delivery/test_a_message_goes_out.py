"""From the queue to the chat, and into the books."""

from __future__ import annotations

from datetime import timedelta

from bellwire.model.delivery import Priority, State
from bellwire.model.outcome import Step
from bellwire.model.reason import Reason
from bellwire.model.surface import Surface
from bellwire.store import sightings

from .engine import NOW, SERVICE_URL, Ear, Engine, person, soon

ANNA = person(1)


async def test_an_accepted_message_is_sent_and_its_attempt_kept(engine: Engine) -> None:
    await engine.knows(ANNA)
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA)
    await recorded.hear(delivery_id)
    delivery = await engine.delivery(delivery_id)
    assert delivery.state is State.SENT
    assert delivery.activity_id is not None
    assert (delivery.conversation_id, delivery.service_url) == (f"a:{ANNA.aad_object_id}", SERVICE_URL)
    assert (delivery.attempts, delivery.finished_at) == (1, NOW)
    (attempt,) = await engine.attempts(delivery_id)
    assert (attempt.step, attempt.outcome, attempt.started_at, attempt.finished_at) == (Step.POST, "sent", NOW, NOW)
    assert attempt.worker == worker.id
    assert await engine.balance() == {
        "accepted": 1, "sent": 1, "undeliverable": 0, "unknown": 0, "cancelled": 0, "expired": 0, "open": 0
    }  # fmt: skip


async def test_the_posting_carries_the_chat_and_the_message(engine: Engine) -> None:
    await engine.knows(ANNA)
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    await recorded.hear(*await engine.accept(ANNA))
    (posting,) = engine.teams.postings
    assert posting.person == ANNA
    assert posting.surface is Surface.TEAMS_PERSONAL
    assert posting.conversation_id == f"a:{ANNA.aad_object_id}"
    assert posting.message is not None
    assert posting.message.text is not None


async def test_what_was_queued_before_the_start_goes_out_too(engine: Engine) -> None:
    people = [person(number) for number in range(50)]
    await engine.knows(*people)
    waiting = await engine.accept(*people)
    engine.teams.plan = None
    await engine.start()
    asked = {(await engine.teams.request()).person for _ in waiting}
    assert asked == set(people)


async def test_someone_known_from_copilot_only_gets_their_chat_opened_first(engine: Engine) -> None:
    at = NOW - timedelta(days=1)
    await engine.database.write(
        lambda conn: sightings.record(conn, ANNA, Surface.COPILOT, at=at, service_url="https://teams.example/amer/")
    )
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA)
    await recorded.hear(delivery_id, delivery_id)
    assert engine.teams.steps() == [Step.OPEN_CHAT, Step.POST]
    assert {posting.service_url for posting in engine.teams.postings} == {"https://teams.example/amer/"}
    assert (await engine.delivery(delivery_id)).state is State.SENT
    assert [attempt.outcome for attempt in await engine.attempts(delivery_id)] == ["opened", "sent"]


async def test_a_chat_once_opened_is_kept(engine: Engine) -> None:
    await engine.database.write(lambda conn: sightings.record(conn, ANNA, Surface.COPILOT, at=NOW))
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (first,) = await engine.accept(ANNA)
    await recorded.hear(first, first)
    (second,) = await engine.accept(ANNA)
    await recorded.hear(second)
    assert engine.teams.steps() == [Step.OPEN_CHAT, Step.POST, Step.POST]
    assert engine.teams.postings[0].service_url == engine.teams.default_service_url


async def test_a_stranger_is_not_written_to(engine: Engine) -> None:
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA)
    await recorded.hear(delivery_id)
    delivery = await engine.delivery(delivery_id)
    assert (delivery.state, delivery.reason, delivery.attempts) == (State.UNDELIVERABLE, Reason.NEVER_SEEN, 0)
    assert engine.teams.postings == []
    assert (await engine.balance())["undeliverable"] == 1


async def test_one_conversation_has_one_request_under_way(engine: Engine) -> None:
    await engine.knows(ANNA)
    engine.teams.plan = None
    await engine.start()
    await engine.accept(ANNA, ANNA, ANNA)
    for _ in range(3):
        request = await engine.teams.request()
        assert engine.teams.requests.empty()
        request.answer()


async def test_many_messages_to_one_person_all_arrive(engine: Engine) -> None:
    engine.clock.run()
    await engine.knows(ANNA)
    worker = await engine.start(windows=())
    recorded = Ear(worker.signals.recorded)
    await recorded.hear(*await engine.accept(*[ANNA] * 15))
    assert (await engine.balance())["sent"] == 15


async def test_urgent_ones_overtake_a_full_house(engine: Engine) -> None:
    people = [person(number) for number in range(60)]
    await engine.knows(*people)
    engine.teams.plan = None
    await engine.start(seats=16)
    await engine.accept(*people[:59], priority=Priority.BULK)
    under_way = [await engine.teams.request() for _ in range(15)]
    await engine.accept(people[59], priority=Priority.URGENT)
    urgent = await engine.teams.request()
    assert urgent.person == people[59]
    for request in (*under_way, urgent):
        request.answer()
    await soon(engine.teams.requests.get())
