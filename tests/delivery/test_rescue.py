"""What a dead worker held is let go, by the truth of its rows."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from functools import partial

import pytest

from bellwire.delivery.process import gone, identity
from bellwire.delivery.upkeep import is_silent, rescue
from bellwire.model.delivery import OnUnknown, State
from bellwire.model.outcome import Opened, Sent
from bellwire.model.reason import Reason
from bellwire.model.surface import Surface
from bellwire.store import sightings, workers
from bellwire.store.workers import Peer

from .engine import NOW, SERVICE_URL, Ear, Engine, person

ANNA, BERT = person(1), person(2)
LAPSE = 100.0


async def crashed_while_sending(engine: Engine, **terms: object) -> str:
    """A worker died between the request and its answer."""
    await engine.knows(ANNA)
    engine.teams.plan = None
    worker = await engine.start()
    (delivery_id,) = await engine.accept(ANNA, **terms)
    await engine.teams.request()
    await engine.crash(worker)
    engine.clock.advance(LAPSE)
    return delivery_id


async def test_a_post_that_had_begun_is_unknown(engine: Engine) -> None:
    delivery_id = await crashed_while_sending(engine)
    await engine.start(heartbeat=5.0)
    delivery = await engine.delivery(delivery_id)
    assert (delivery.state, delivery.reason, delivery.attempts) == (State.UNKNOWN, Reason.WORKER_LOST, 1)
    (attempt,) = await engine.attempts(delivery_id)
    assert (attempt.outcome, attempt.code) == ("unknown", Reason.WORKER_LOST)
    assert (await engine.balance())["unknown"] == 1


async def test_it_is_sent_again_where_the_caller_wants_at_least_once(engine: Engine) -> None:
    delivery_id = await crashed_while_sending(engine, on_unknown=OnUnknown.RESEND)
    await engine.start(heartbeat=5.0)
    request = await engine.teams.request()
    assert request.person == ANNA
    assert (await engine.delivery(delivery_id)).attempts == 1
    assert [attempt.outcome for attempt in await engine.attempts(delivery_id)] == ["unknown", None]


async def test_what_was_claimed_and_not_begun_is_queued_again(engine: Engine) -> None:
    await engine.knows(ANNA)
    engine.teams.plan = None
    first = await engine.start()
    (under_way, in_line) = await engine.accept(ANNA, ANNA)
    await engine.teams.request()
    await engine.crash(first)
    engine.clock.advance(LAPSE)
    engine.teams.plan = lambda _: Sent("1:1")
    second = await engine.start(heartbeat=5.0)
    recorded = Ear(second.signals.recorded)
    await recorded.hear(in_line)
    assert (await engine.delivery(in_line)).state is State.SENT
    assert (await engine.delivery(under_way)).state is State.UNKNOWN
    assert len(await engine.attempts(in_line)) == 1


async def test_opening_a_chat_does_no_harm_and_is_done_again(engine: Engine) -> None:
    await engine.database.write(lambda conn: sightings.record(conn, ANNA, Surface.COPILOT, at=NOW))
    engine.teams.plan = None
    first = await engine.start()
    (delivery_id,) = await engine.accept(ANNA)
    await engine.teams.request()
    await engine.crash(first)
    engine.clock.advance(LAPSE)
    second = await engine.start(heartbeat=5.0)
    recorded = Ear(second.signals.recorded)
    (await engine.teams.request()).answer(Opened("a:1", SERVICE_URL))
    (await engine.teams.request()).answer()
    await recorded.hear(delivery_id, delivery_id)
    assert (await engine.delivery(delivery_id)).state is State.SENT


async def test_a_worker_that_lives_is_left_alone(engine: Engine) -> None:
    await engine.knows(ANNA)
    engine.teams.plan = None
    first = await engine.start()
    recorded = Ear(first.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA)
    request = await engine.teams.request()
    await engine.start()
    assert (await engine.delivery(delivery_id)).state is State.SENDING
    request.answer()
    await recorded.hear(delivery_id)
    assert (await engine.delivery(delivery_id)).state is State.SENT


async def test_a_rescue_done_twice_changes_nothing(engine: Engine) -> None:
    delivery_id = await crashed_while_sending(engine)
    (dead,) = [peer.id for peer in await engine.database.read(workers.peers)]
    for expected in (1, 0):
        op = partial(rescue, worker=dead, now=engine.clock())
        assert await engine.database.write(op) == expected
    assert (await engine.delivery(delivery_id)).state is State.UNKNOWN
    assert (await engine.balance())["unknown"] == 1


async def test_an_answer_that_comes_after_the_rescue_moves_nothing(engine: Engine) -> None:
    await engine.knows(ANNA)
    engine.teams.plan = None
    slow = await engine.start()
    recorded = Ear(slow.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA)
    request = await engine.teams.request()
    await engine.database.write(partial(rescue, worker=slow.id, now=engine.clock()))
    request.answer(Sent("1:late"))
    await recorded.hear(delivery_id)
    assert (await engine.delivery(delivery_id)).state is State.UNKNOWN
    assert (await engine.balance())["unknown"] == 1


async def test_a_worker_declared_dead_writes_nothing_and_goes_on_as_a_new_one(engine: Engine) -> None:
    await engine.knows(ANNA, BERT)
    engine.teams.plan = None
    worker = await engine.start()
    await engine.accept(ANNA)
    request = await engine.teams.request()
    old = worker.id
    await engine.database.write(partial(rescue, worker=old, now=engine.clock()))
    await worker._pulse.beat()
    assert worker.id != old
    (second,) = await engine.accept(BERT)
    again = await engine.teams.request()
    assert again.person == BERT
    recorded = Ear(worker.signals.recorded)
    request.answer()
    again.answer()
    await recorded.hear(second)
    assert (await engine.delivery(second)).state is State.SENT


async def test_a_closed_worker_begins_nothing(engine: Engine) -> None:
    await engine.knows(ANNA)
    engine.teams.plan = None
    worker = await engine.start()
    await engine.database.write(partial(workers.retire, worker=worker.id, now=engine.clock()))
    (delivery_id,) = await engine.accept(ANNA)
    await engine.start()
    assert (await engine.teams.request()).person == ANNA
    (attempt,) = await engine.attempts(delivery_id)
    assert attempt.worker != worker.id


@pytest.mark.parametrize(("silent", "dead"), [(0.0, False), (20.0, False), (20.1, True)])
def test_silence_for_too_long_is_death(silent: float, dead: bool) -> None:
    peer = Peer("w", None, NOW)
    now = NOW + timedelta(seconds=silent)
    assert is_silent(peer, now, timedelta(seconds=20)) is dead


def test_this_process_is_not_gone() -> None:
    me = identity()
    assert me is not None
    assert not gone(me)


def test_a_process_that_ended_is_gone() -> None:
    code = "from bellwire.delivery.process import identity; print(identity())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert gone(told.stdout.strip())


def test_nothing_is_said_of_a_process_on_another_machine() -> None:
    assert not gone("another-machine/pid:[1]/1/1")


async def test_every_worker_tells_who_it_is(engine: Engine) -> None:
    worker = await engine.start()
    (peer,) = await engine.database.read(workers.peers)
    assert (peer.id, peer.process) == (worker.id, identity())
