"""A worker that may be taken for dead writes nothing; one that was taken for dead loses nothing but its lanes."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from bellwire.delivery.lease import Lease
from bellwire.delivery.upkeep import rescue
from bellwire.delivery.worker import Worker
from bellwire.model.delivery import State
from bellwire.model.outcome import Sent
from bellwire.store import workers

from .engine import NOW, Ear, Engine, person, soon

ANNA, BERT = person(1), person(2)


def test_it_holds_from_one_sign_of_life_for_its_length() -> None:
    lease = Lease("w", 2.5, renewed=10.0)
    assert lease.holds(12.4)
    assert not lease.holds(12.5)
    lease.renew(13.0)
    assert lease.holds(15.4)


def test_once_lost_it_never_holds_again() -> None:
    lease = Lease("w", 2.5, renewed=10.0)
    lease.lose()
    lease.renew(11.0)
    assert not lease.holds(11.1)


def test_after_a_late_sign_of_life_the_silence_of_others_says_nothing_for_a_while() -> None:
    lease = Lease("w", 2.5, renewed=0.0)
    lease.renew(1.0)
    assert lease.steady_for(1.0) > 1e9
    lease.renew(9.0)
    assert lease.steady_for(10.0) == 1.0


async def test_who_asks_waits_until_it_is_certain() -> None:
    lease, ticks = Lease("w", 2.5), asyncio.get_running_loop().time
    kept = asyncio.create_task(lease.kept(ticks))
    await asyncio.sleep(0)
    assert not kept.done()
    lease.renew(ticks())
    assert await soon(kept)


async def frozen(engine: Engine, worker: Worker) -> str:
    """A worker that stood still right after it wrote down that a request begins, for longer than its lease."""
    ticks = asyncio.get_running_loop().time
    begun = Ear(worker.signals.begun)
    worker._station.lease._renewed = ticks() - 10_000.0
    (delivery_id,) = await engine.accept(ANNA)
    await begun.hear(delivery_id)
    return delivery_id


async def test_what_had_begun_when_the_worker_froze_is_not_written_before_it_knows_that_it_lives(
    engine: Engine,
) -> None:
    await engine.knows(ANNA)
    worker = await engine.start()
    delivery_id = await frozen(engine, worker)
    assert engine.teams.postings == []
    recorded = Ear(worker.signals.recorded)
    await worker._pulse.beat()
    await recorded.hear(delivery_id)
    assert (await engine.delivery(delivery_id)).state is State.SENT
    assert len(engine.teams.postings) == 1


async def test_it_is_never_written_if_the_worker_was_taken_for_dead_and_another_one_sends_it(engine: Engine) -> None:
    await engine.knows(ANNA)
    worker = await engine.start()
    delivery_id = await frozen(engine, worker)
    old = worker.id
    await engine.database.write(partial(workers.retire, worker=old, now=engine.clock()))
    recorded = Ear(worker.signals.recorded)
    await worker._pulse.beat()
    await recorded.hear(delivery_id)
    assert engine.teams.postings == []
    engine.clock.advance(60.0)
    worker.wake()
    await recorded.hear(delivery_id)
    assert (await engine.delivery(delivery_id)).state is State.SENT
    first, second = await engine.attempts(delivery_id)
    assert (first.worker, first.outcome, first.code) == (old, "retry", "lease_lost")
    assert second.worker == worker.id


async def test_an_answer_that_comes_to_a_worker_taken_for_dead_still_counts(engine: Engine) -> None:
    await engine.knows(ANNA)
    engine.teams.plan = None
    worker = await engine.start()
    (delivery_id,) = await engine.accept(ANNA)
    request = await engine.teams.request()
    rescued = partial(rescue, worker=worker.id, now=engine.clock(), answered_by=NOW.replace(year=2025))
    assert await engine.database.write(rescued) == 0
    await worker._pulse.beat()
    recorded = Ear(worker.signals.recorded)
    request.answer(Sent("1:late"))
    await recorded.hear(delivery_id)
    delivery = await engine.delivery(delivery_id)
    assert (delivery.state, delivery.activity_id) == (State.SENT, "1:late")
    assert (await engine.balance())["sent"] == 1


async def test_a_sign_of_life_in_the_last_moment_saves_a_worker(engine: Engine) -> None:
    worker = await engine.start()
    silent_since = engine.clock()
    engine.clock.advance(1.0)
    await worker._pulse.beat()
    retire = partial(workers.retire, worker=worker.id, now=engine.clock(), silent_since=silent_since)
    assert not await engine.database.write(retire)
    assert [peer.id for peer in await engine.database.read(workers.peers)] == [worker.id]


@pytest.mark.parametrize("late", [False, True])
async def test_after_an_outage_nobody_is_taken_for_dead_at_once(engine: Engine, late: bool) -> None:
    """What kept our own sign of life back, a restart of the database for one, may have kept those of others back."""
    await engine.knows(ANNA, BERT)
    other, worker = await engine.start(), await engine.start(heartbeat=5.0, missed_beats=4)
    engine.clock.advance(60.0)
    if late:
        worker._station.lease._renewed -= 60.0
    await worker._pulse.beat()
    await worker._upkeep.rescue()
    living = {peer.id for peer in await engine.database.read(workers.peers)}
    assert living == ({other.id, worker.id} if late else {worker.id})
