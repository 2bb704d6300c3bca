"""Retry-After shuts the lane that it concerns, to the second, over restarts, and no other."""

from __future__ import annotations

from datetime import timedelta

from bellwire.model.delivery import State
from bellwire.model.outcome import Outcome, Retry, Scope, Sent
from bellwire.model.posting import Posting
from bellwire.model.reason import Reason
from bellwire.model.retry import RetryPolicy

from .engine import OTHER_TENANT, Ear, Engine, person, well

ANNA, BERT = person(1), person(2)
STRANGER = person(3, tenant=OTHER_TENANT)
THROTTLED = Retry(429, "Throttled", 30.0, Scope.TENANT)
SLOWER = Retry(429, "Throttled", 30.0, Scope.CONVERSATION)


async def test_a_throttled_tenant_pauses_until_retry_after_and_others_go_on(engine: Engine) -> None:
    await engine.knows(ANNA, BERT, STRANGER)
    engine.teams.plan = lambda posting: THROTTLED if posting.person == ANNA else Sent("1:1")
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (throttled,) = await engine.accept(ANNA)
    await recorded.hear(throttled)
    assert (await engine.delivery(throttled)).run_at == engine.clock() + timedelta(seconds=30)
    (held,) = await engine.accept(BERT)
    (other,) = await engine.accept(STRANGER)
    await recorded.hear(other)
    assert (await engine.delivery(held)).state is State.QUEUED
    assert [posting.person for posting in engine.teams.postings] == [ANNA, STRANGER]


async def test_a_restart_honours_the_pause(engine: Engine) -> None:
    await engine.knows(ANNA, BERT, STRANGER)
    engine.teams.plan = lambda posting: THROTTLED if posting.person == ANNA else Sent("1:1")
    first = await engine.start()
    recorded = Ear(first.signals.recorded)
    await recorded.hear(*await engine.accept(ANNA))
    await first.stop()
    (held,) = await engine.accept(BERT)
    (other,) = await engine.accept(STRANGER)
    second = await engine.start()
    await Ear(second.signals.recorded).hear(other)
    assert (await engine.delivery(held)).state is State.QUEUED


async def test_after_the_pause_it_goes_on_by_itself(engine: Engine) -> None:
    await engine.knows(ANNA)
    engine.clock.run()
    answers: list[Outcome] = [Retry(429, "Throttled", 1.0, Scope.TENANT), Sent("1:1")]
    engine.teams.plan = lambda _: answers.pop(0)
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA)
    await recorded.hear(delivery_id, delivery_id)
    first, second = await engine.attempts(delivery_id)
    assert first.retry_at is not None
    assert second.started_at >= first.retry_at
    assert second.started_at - first.retry_at < timedelta(seconds=5)


async def test_a_throttled_conversation_pauses_alone(engine: Engine) -> None:
    await engine.knows(ANNA, BERT)

    def plan(posting: Posting) -> Outcome:
        return SLOWER if posting.person == ANNA else Sent("1:1")

    engine.teams.plan = plan
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (throttled,) = await engine.accept(ANNA)
    await recorded.hear(throttled)
    (same,) = await engine.accept(ANNA)
    (other,) = await engine.accept(BERT)
    await recorded.hear(other)
    assert (await engine.delivery(same)).state is State.QUEUED
    assert [posting.person for posting in engine.teams.postings] == [ANNA, BERT]


async def test_a_restart_honours_a_conversations_pause(engine: Engine) -> None:
    await engine.knows(ANNA, BERT)
    engine.teams.plan = lambda posting: SLOWER if posting.person == ANNA else Sent("1:1")
    first = await engine.start()
    await Ear(first.signals.recorded).hear(*await engine.accept(ANNA))
    await first.stop()
    (same,) = await engine.accept(ANNA)
    (other,) = await engine.accept(BERT)
    second = await engine.start()
    await Ear(second.signals.recorded).hear(other)
    assert (await engine.delivery(same)).state is State.QUEUED
    assert [posting.person for posting in engine.teams.postings] == [ANNA, BERT]


async def test_a_conversations_pause_of_a_day_is_found_hours_later(engine: Engine) -> None:
    await engine.knows(ANNA, BERT)
    engine.teams.plan = lambda posting: (
        Retry(429, "Throttled", 86_400.0, Scope.CONVERSATION) if posting.person == ANNA else Sent("1:1")
    )
    first = await engine.start()
    (refused,) = await engine.accept(ANNA)
    await Ear(first.signals.recorded).hear(refused)
    await first.stop()
    engine.clock.advance(20 * 3_600)
    (same,) = await engine.accept(ANNA)
    (other,) = await engine.accept(BERT)
    second = await engine.start()
    await Ear(second.signals.recorded).hear(other)
    assert (await engine.delivery(same)).state is State.QUEUED
    assert [posting.person for posting in engine.teams.postings] == [ANNA, BERT]


async def test_the_last_try_of_a_delivery_leaves_its_pause_behind_for_the_next_one(engine: Engine) -> None:
    await engine.knows(ANNA, BERT)
    engine.teams.plan = lambda posting: SLOWER if posting.person == ANNA else Sent("1:1")
    first = await engine.start(retry=RetryPolicy(tries=1))
    (given_up,) = await engine.accept(ANNA)
    await Ear(first.signals.recorded).hear(given_up)
    await first.stop()
    assert (await engine.delivery(given_up)).state is State.UNDELIVERABLE
    (same,) = await engine.accept(ANNA)
    (other,) = await engine.accept(BERT)
    second = await engine.start()
    await Ear(second.signals.recorded).hear(other)
    assert (await engine.delivery(same)).state is State.QUEUED
    assert [posting.person for posting in engine.teams.postings] == [ANNA, BERT]


async def test_what_was_at_hand_goes_back_to_the_queue_when_the_tenant_pauses(engine: Engine) -> None:
    people = [person(number) for number in range(8)]
    await engine.knows(*people)
    engine.teams.plan = None
    worker = await engine.start(seats=2)
    recorded = Ear(worker.signals.recorded)
    ids = await engine.accept(*people)
    (await engine.teams.request()).answer(THROTTLED)
    await recorded.next()
    engine.teams.answer_all()
    states = [(await engine.delivery(each)).state for each in ids]
    assert states.count(State.QUEUED) >= 6


async def test_a_pause_of_a_day_ends_nothing_and_says_why_it_waits(engine: Engine) -> None:
    await engine.knows(ANNA, BERT)
    engine.teams.plan = lambda _: Retry(429, "Throttled", 86_400.0, Scope.TENANT)
    first = await engine.start()
    recorded = Ear(first.signals.recorded)
    (refused,) = await engine.accept(ANNA)
    await recorded.hear(refused)
    (queued,) = await engine.accept(BERT)
    told = await engine.delivery(refused)
    tomorrow = engine.clock() + timedelta(days=1)
    assert (told.state, told.reason, told.run_at) == (State.QUEUED, Reason.PAUSED, tomorrow)
    await first.stop()
    engine.clock.advance(86_400)
    engine.teams.plan = well
    second = await engine.start()
    await Ear(second.signals.recorded).hear(refused, queued)
    told = await engine.delivery(refused)
    assert (told.state, told.reason) == (State.SENT, None)
