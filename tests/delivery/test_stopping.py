"""Stopping finishes what is in flight, and gives the rest back."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bellwire.model.delivery import State
from bellwire.model.outcome import Heal, Remedy, Undeliverable
from bellwire.model.posting import Posting
from bellwire.model.reason import Reason
from bellwire.store import deliveries, workers

from .engine import Ear, Engine, Script, person, soon

ANNA, BERT = person(1), person(2)


async def test_what_is_in_flight_is_finished_and_the_rest_given_back(engine: Engine) -> None:
    people = [person(number) for number in range(6)]
    await engine.knows(*people)
    engine.teams.plan = None
    worker = await engine.start(seats=3)
    ids = await engine.accept(*people)
    under_way = [await engine.teams.request() for _ in range(2)]
    stopping = asyncio.create_task(worker.stop())
    for request in under_way:
        request.answer()
    await soon(stopping)
    states = sorted([(await engine.delivery(each)).state for each in ids])
    assert states == [State.QUEUED] * 4 + [State.SENT] * 2
    assert not worker.alive
    assert await engine.database.read(workers.peers) == []


async def test_after_a_stop_another_worker_goes_on_at_once(engine: Engine) -> None:
    await engine.knows(ANNA, BERT)
    first = await engine.start()
    await first.stop()
    (delivery_id,) = await engine.accept(ANNA)
    second = await engine.start()
    await Ear(second.signals.recorded).hear(delivery_id)


async def test_a_worker_that_stops_begins_nothing_more(engine: Engine) -> None:
    await engine.knows(ANNA, BERT)
    engine.teams.plan = None
    worker = await engine.start()
    await engine.accept(ANNA)
    request = await engine.teams.request()
    stopping = asyncio.create_task(worker.stop())
    await asyncio.sleep(0)
    (late,) = await engine.accept(BERT)
    request.answer()
    await soon(stopping)
    assert (await engine.delivery(late)).state is State.QUEUED
    assert len(engine.teams.postings) == 1


async def test_mending_is_left_to_the_next_start(engine: Engine) -> None:
    await engine.knows(ANNA)
    engine.teams.plan = None
    worker = await engine.start()
    (delivery_id,) = await engine.accept(ANNA)
    request = await engine.teams.request()
    stopping = asyncio.create_task(worker.stop())
    await asyncio.sleep(0)
    request.answer(Heal(Remedy.OPEN_CHAT, Undeliverable(Reason.CONVERSATION_NOT_FOUND), 404, "ConversationNotFound"))
    await soon(stopping)
    assert (await engine.delivery(delivery_id)).state is State.QUEUED
    engine.teams.plan = None
    await engine.start()
    assert (await engine.teams.request()).posting.conversation_id is not None
    assert [step.value for step in engine.teams.steps()] == ["post", "open_chat"]


async def test_an_answer_is_written_down_even_if_whoever_stops_is_cancelled(engine: Engine) -> None:
    await engine.knows(ANNA)
    engine.teams.plan = None
    worker = await engine.start()
    (delivery_id,) = await engine.accept(ANNA)
    request = await engine.teams.request()
    stopping = asyncio.create_task(worker.stop())
    await asyncio.sleep(0)
    stopping.cancel()
    request.answer()
    await soon(worker.ended())
    assert (await engine.delivery(delivery_id)).state is State.SENT


async def test_a_request_that_never_ends_does_not_hold_up_the_stop_for_ever(engine: Engine) -> None:
    await engine.knows(ANNA)
    engine.teams.plan = None
    worker = await engine.start(patience=0.05)
    await engine.accept(ANNA)
    await engine.teams.request()
    await soon(worker.stop())
    assert not worker.alive


async def test_a_part_that_dies_stops_the_worker_loudly(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    await engine.knows(ANNA)
    engine.teams.plan = None
    worker = await engine.start()
    (delivery_id,) = await engine.accept(ANNA)
    request = await engine.teams.request()
    with caplog.at_level(logging.CRITICAL):
        next(task for task in worker._tasks if task.get_name() == "bellwire-upkeep").cancel("not a cancellation")
        worker._task_ended(_dead())
        request.answer()
        with pytest.raises(LookupError):
            await soon(worker.ended())
    assert not worker.alive
    assert isinstance(worker.failure, LookupError)
    assert any(record.levelno == logging.CRITICAL for record in caplog.records)
    assert (await engine.delivery(delivery_id)).state is State.SENT


def _dead() -> asyncio.Task[None]:
    task = asyncio.get_running_loop().create_task(asyncio.sleep(0), name="bellwire-upkeep")
    task.cancel()
    dead = asyncio.Future[None]()
    dead.set_exception(LookupError("gone"))
    return _Named(dead)  # type: ignore[return-value]  # as much of a task as is looked at


class _Named:
    """A dead task with a name."""

    def __init__(self, future: asyncio.Future[None]) -> None:
        self._future = future

    def cancelled(self) -> bool:
        return False

    def exception(self) -> BaseException | None:
        return self._future.exception()

    def get_name(self) -> str:
        return "bellwire-upkeep"


async def test_a_sender_that_fails_leaves_the_truth_behind(engine: Engine) -> None:
    class Broken(Script):
        async def send(self, posting: Posting) -> None:  # type: ignore[override]  # it never gets that far
            raise ZeroDivisionError

    await engine.knows(ANNA)
    worker = await engine.start(teams=Broken())
    recorded = Ear(worker.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA)
    await recorded.hear(delivery_id)
    delivery = await engine.delivery(delivery_id)
    assert (delivery.state, delivery.reason) == (State.UNKNOWN, Reason.ANSWER_LOST)
    assert worker.alive


async def test_a_cancel_before_the_claim_is_a_cancel_and_after_it_is_not(engine: Engine) -> None:
    await engine.knows(ANNA, BERT)
    (early,) = await engine.accept(ANNA)
    change = await engine.database.write(lambda conn: deliveries.cancel(conn, early, engine.clock()))
    assert change is not None
    assert change.done
    engine.teams.plan = None
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (late,) = await engine.accept(BERT)
    request = await engine.teams.request()
    change = await engine.database.write(lambda conn: deliveries.cancel(conn, late, engine.clock()))
    assert change is not None
    assert not change.done
    request.answer()
    await recorded.hear(late)
    assert [posting.person for posting in engine.teams.postings] == [BERT]
    assert (await engine.balance())["cancelled"] == 1


async def test_cancels_and_claims_at_once_never_both_win(engine: Engine) -> None:
    people = [person(number) for number in range(80)]
    await engine.knows(*people)
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    ids = await engine.accept(*people)
    changes = await asyncio.gather(
        *(
            engine.database.write(lambda conn, each=each: deliveries.cancel(conn, each, engine.clock()))  # type: ignore[misc]  # a default binds the loop's value
            for each in ids
        )
    )
    cancelled = {each for each, change in zip(ids, changes, strict=True) if change is not None and change.done}
    await recorded.hear(*(set(ids) - cancelled))
    sent = {posting.person for posting in engine.teams.postings}
    assert sent == {who for who, each in zip(people, ids, strict=True) if each not in cancelled}
    balance = await engine.balance()
    assert (balance["sent"], balance["cancelled"]) == (len(sent), len(cancelled))
