"""What was said can be changed and taken back, before it goes out, after it went out, and never half."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

from bellwire.model.delivery import Priority, State
from bellwire.model.ids import uuid7
from bellwire.model.message import Message
from bellwire.model.outcome import Heal, Outcome, Remedy, Retry, Scope, Sent, Step, Undeliverable, Unknown
from bellwire.model.posting import Posting
from bellwire.model.reason import Reason
from bellwire.store import amendments
from bellwire.store.amendments import Amendment, Answer, Progress, Refusal

from .engine import Ear, Engine, person, soon

ANNA, BERT = person(1), person(2)
_numbers = iter(range(1, 1_000))


def new_id(engine: Engine) -> str:
    return uuid7(engine.clock(), next(_numbers) << 40)


async def change(engine: Engine, delivery_id: str, text: str = "Changed") -> Answer:
    message = Message(id=new_id(engine), text=text)
    op = partial(amendments.change, delivery_id=delivery_id, message=message, new_id=new_id(engine), now=engine.clock())
    answer = await engine.database.write(op)
    assert answer is not None
    return answer


async def take_back(engine: Engine, delivery_id: str) -> Answer:
    op = partial(amendments.take_back, delivery_id=delivery_id, new_id=new_id(engine), now=engine.clock())
    answer = await engine.database.write(op)
    assert answer is not None
    return answer


async def wishes(engine: Engine, delivery_id: str) -> list[Amendment]:
    return await engine.database.read(lambda conn: amendments.of(conn, delivery_id))


async def sent(engine: Engine) -> tuple[str, Ear]:
    """A message that was sent, and an ear for what is recorded from now on."""
    await engine.knows(ANNA)
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA)
    await recorded.hear(delivery_id)
    return delivery_id, recorded


def wish(answer: Answer) -> str:
    """The id of the wish that was taken."""
    assert answer.refusal is None
    assert answer.amendment is not None
    return answer.amendment.id


async def test_what_is_queued_says_the_new_thing_at_once(engine: Engine) -> None:
    await engine.knows(ANNA)
    (delivery_id,) = await engine.accept(ANNA)
    answer = await change(engine, delivery_id)
    assert (answer.amendment, answer.refusal) == (None, None)
    assert answer.delivery.changed_at == engine.clock()
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    await recorded.hear(delivery_id)
    (posting,) = engine.teams.postings
    assert posting.message is not None
    assert posting.message.text == "Changed"


async def test_what_is_queued_and_taken_back_is_cancelled(engine: Engine) -> None:
    (delivery_id,) = await engine.accept(ANNA)
    assert (await take_back(engine, delivery_id)).delivery.state is State.CANCELLED
    assert (await take_back(engine, delivery_id)).refusal is None
    assert (await engine.balance())["cancelled"] == 1


async def test_what_was_sent_is_changed_in_teams(engine: Engine) -> None:
    delivery_id, recorded = await sent(engine)
    before = await engine.delivery(delivery_id)
    engine.clock.advance(60.0)
    changed = wish(await change(engine, delivery_id))
    await recorded.hear(changed)
    posting = engine.teams.postings[-1]
    assert (posting.step, posting.activity_id) == (Step.CHANGE, before.activity_id)
    assert posting.conversation_id == before.conversation_id
    assert posting.message is not None
    assert posting.message.text == "Changed"
    after = await engine.delivery(delivery_id)
    assert (after.state, after.changed_at, after.attempts) == (State.SENT, engine.clock(), 2)
    assert after.message_id == posting.message.id
    assert [each.progress for each in await wishes(engine, delivery_id)] == [Progress.DONE]
    assert [attempt.step for attempt in await engine.attempts(delivery_id)] == [Step.POST, Step.CHANGE]


async def test_an_urgent_message_overtakes_the_taking_back_of_a_broadcast(engine: Engine) -> None:
    """Else whoever corrects a mistake to thousands is silent until the last of them is put right."""
    people = [person(number) for number in range(1, 61)]
    await engine.knows(*people)
    worker = await engine.start(seats=4)
    recorded = Ear(worker.signals.recorded)
    broadcast = await engine.accept(*people)
    await recorded.hear(*broadcast)
    engine.teams.plan = None
    taken = [wish(await take_back(engine, each)) for each in broadcast]
    for _ in range(8):
        (await engine.teams.request()).answer()
    (urgent,) = await engine.accept(ANNA, priority=Priority.URGENT)
    steps = list[Step]()
    while Step.POST not in steps:
        request = await engine.teams.request()
        steps.append(request.posting.step)
        request.answer()
    assert len(steps) < 25
    engine.teams.answer_all()
    await recorded.hear(urgent, *taken)


async def test_what_was_sent_is_taken_back_in_teams_once(engine: Engine) -> None:
    delivery_id, recorded = await sent(engine)
    taken = wish(await take_back(engine, delivery_id))
    await recorded.hear(taken)
    assert engine.teams.postings[-1].step is Step.TAKE_BACK
    assert (await engine.delivery(delivery_id)).taken_back_at == engine.clock()
    again = await take_back(engine, delivery_id)
    assert (again.amendment, again.refusal) == (None, None)
    assert len(engine.teams.postings) == 2
    assert (await change(engine, delivery_id)).refusal is Refusal.TAKEN_BACK


async def test_only_the_newest_wish_counts(engine: Engine) -> None:
    delivery_id, recorded = await sent(engine)
    engine.teams.plan = None
    first = wish(await change(engine, delivery_id, "One"))
    request = await engine.teams.request()
    second = wish(await change(engine, delivery_id, "Two"))
    third = wish(await change(engine, delivery_id, "Three"))
    request.answer()
    await recorded.hear(first)
    (await engine.teams.request()).answer()
    await recorded.hear(third)
    texts = [posting.message.text for posting in engine.teams.postings if posting.message is not None]
    assert texts[1:] == ["One", "Three"]
    stands = {each.id: each.progress for each in await wishes(engine, delivery_id)}
    assert stands == {first: Progress.DONE, second: Progress.SUPERSEDED, third: Progress.DONE}


async def test_a_wish_that_must_be_tried_again_gives_way_to_a_newer_one(engine: Engine) -> None:
    delivery_id, recorded = await sent(engine)
    engine.teams.plan = None
    changed = wish(await change(engine, delivery_id))
    request = await engine.teams.request()
    taken = wish(await take_back(engine, delivery_id))
    request.answer(Retry(503, "ServiceUnavailable"))
    await recorded.hear(changed)
    (await engine.teams.request()).answer()
    await recorded.hear(taken)
    stands = {each.id: each.progress for each in await wishes(engine, delivery_id)}
    assert stands == {changed: Progress.SUPERSEDED, taken: Progress.DONE}


async def test_a_lost_answer_to_a_change_is_asked_again(engine: Engine) -> None:
    delivery_id, recorded = await sent(engine)
    answers: list[Outcome] = [Unknown(Reason.ANSWER_LOST), Sent("1:1")]
    engine.teams.plan = lambda _: answers.pop(0)
    changed = wish(await change(engine, delivery_id))
    await recorded.hear(changed)
    assert [each.progress for each in await wishes(engine, delivery_id)] == [Progress.QUEUED]
    engine.clock.advance(10.0)
    engine.workers[0].wake()
    await recorded.hear(changed)
    assert [each.progress for each in await wishes(engine, delivery_id)] == [Progress.DONE]
    assert (await engine.delivery(delivery_id)).attempts == 3


async def test_a_throttled_change_is_asked_again_after_the_pause_and_the_worker_lives_on(engine: Engine) -> None:
    delivery_id, recorded = await sent(engine)
    engine.teams.plan = lambda _: Retry(429, "Throttled", 30.0, Scope.CONVERSATION)
    changed = wish(await change(engine, delivery_id))
    await recorded.hear(changed)
    (queued,) = await wishes(engine, delivery_id)
    assert (queued.progress, queued.reason) == (Progress.QUEUED, None)
    assert engine.workers[0].alive


async def test_what_teams_refuses_to_change_is_explained(engine: Engine) -> None:
    delivery_id, recorded = await sent(engine)
    engine.teams.plan = lambda _: Undeliverable(Reason.ACTIVITY_NOT_FOUND, 404, "ActivityNotFoundInConversation")
    changed = wish(await change(engine, delivery_id))
    await recorded.hear(changed)
    (failed,) = await wishes(engine, delivery_id)
    assert (failed.progress, failed.reason) == (Progress.FAILED, Reason.ACTIVITY_NOT_FOUND)
    after = await engine.delivery(delivery_id)
    assert (after.state, after.changed_at) == (State.SENT, None)
    assert (await engine.balance())["sent"] == 1


async def test_no_chat_is_opened_for_a_change(engine: Engine) -> None:
    delivery_id, recorded = await sent(engine)
    engine.teams.plan = lambda _: Heal(Remedy.OPEN_CHAT, Undeliverable(Reason.CONVERSATION_NOT_FOUND), 404, "")
    changed = wish(await change(engine, delivery_id))
    await recorded.hear(changed)
    (failed,) = await wishes(engine, delivery_id)
    assert failed.reason is Reason.CONVERSATION_NOT_FOUND
    assert engine.teams.steps() == [Step.POST, Step.CHANGE]


async def test_what_is_on_the_wire_cannot_be_changed_at_that_moment(engine: Engine) -> None:
    await engine.knows(ANNA)
    engine.teams.plan = None
    await engine.start()
    (delivery_id,) = await engine.accept(ANNA)
    await engine.teams.request()
    assert (await change(engine, delivery_id)).refusal is Refusal.BEING_SENT
    assert (await take_back(engine, delivery_id)).refusal is Refusal.BEING_SENT


async def test_what_never_went_out_cannot_be_changed(engine: Engine) -> None:
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA)
    await recorded.hear(delivery_id)
    assert (await change(engine, delivery_id)).refusal is Refusal.NEVER_SENT


async def test_an_unknown_delivery_is_unknown(engine: Engine) -> None:
    gone = partial(amendments.take_back, delivery_id="nothing", new_id=new_id(engine), now=engine.clock())
    assert await engine.database.write(gone) is None


async def test_a_crash_in_the_middle_of_a_change_does_it_again(engine: Engine) -> None:
    delivery_id, _ = await sent(engine)
    engine.teams.plan = None
    changed = wish(await change(engine, delivery_id))
    await engine.teams.request()
    await engine.crash(engine.workers[0])
    engine.clock.advance(100.0)
    second = await engine.start(heartbeat=5.0)
    recorded = Ear(second.signals.recorded)
    (await engine.teams.request()).answer()
    await recorded.hear(changed)
    assert [each.progress for each in await wishes(engine, delivery_id)] == [Progress.DONE]
    outcomes = [(attempt.step, attempt.outcome) for attempt in await engine.attempts(delivery_id)]
    assert outcomes == [(Step.POST, "sent"), (Step.CHANGE, "retry"), (Step.CHANGE, "sent")]
    assert (await engine.delivery(delivery_id)).state is State.SENT


async def test_a_stop_gives_a_wish_back(engine: Engine) -> None:
    await engine.knows(ANNA, BERT)
    worker = await engine.start(seats=1)
    recorded, claimed = Ear(worker.signals.recorded), Ear(worker.signals.claimed)
    (delivery_id,) = await engine.accept(ANNA)
    await recorded.hear(delivery_id)
    engine.teams.plan = None
    await engine.accept(BERT)
    request = await engine.teams.request()
    changed = wish(await change(engine, delivery_id))
    await claimed.hear(changed)
    stopping = asyncio.create_task(worker.stop())
    await asyncio.sleep(0)
    request.answer()
    await soon(stopping)
    assert [each.progress for each in await wishes(engine, delivery_id)] == [Progress.QUEUED]
    assert engine.teams.steps() == [Step.POST, Step.POST]


async def test_a_throttled_tenant_keeps_its_wishes_until_the_pause_ends(engine: Engine) -> None:
    delivery_id, recorded = await sent(engine)
    lane = next(iter(engine.workers[0]._station.lanes))
    lane.paused_until = engine.workers[0]._station.ticks() + 3600.0
    wish(await change(engine, delivery_id))
    stranger = person(7, tenant="0f0e0d0c-86f1-41af-91ab-2d7cd011db47")
    await engine.knows(stranger)
    await recorded.hear(*await engine.accept(stranger))
    assert [each.progress for each in await wishes(engine, delivery_id)] == [Progress.QUEUED]

    def nothing(posting: Posting) -> Outcome:
        raise AssertionError(posting.step)

    engine.teams.plan = nothing
    assert engine.clock() - (await engine.delivery(delivery_id)).accepted_at < timedelta(seconds=1)
