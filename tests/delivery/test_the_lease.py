"""A worker that may be taken for dead writes nothing; one that was taken for dead loses nothing but its lanes."""

from __future__ import annotations

import asyncio
import time
from functools import partial

import pytest

from bellwire.delivery.lease import Lease
from bellwire.delivery.upkeep import rescue
from bellwire.delivery.worker import Worker
from bellwire.model.delivery import State
from bellwire.model.outcome import Outcome, Sent
from bellwire.model.posting import Posting
from bellwire.net import FENCE
from bellwire.store import workers

from .engine import NOW, Ear, Engine, person, soon, well

ANNA, BERT = person(1), person(2)


class Ticks:
    """Seconds that pass when they are told to."""

    def __init__(self, now: float = 10.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_it_holds_from_one_sign_of_life_for_its_length() -> None:
    ticks = Ticks()
    lease = Lease("w", 2.5, ticks, renewed=10.0)
    ticks.now = 12.4
    assert lease.holds()
    ticks.now = 12.5
    assert not lease.holds()
    lease.renew(13.0)
    ticks.now = 15.4
    assert lease.holds()


def test_once_lost_it_never_holds_again() -> None:
    lease = Lease("w", 2.5, Ticks(11.1), renewed=10.0)
    lease.lose()
    lease.renew(11.0)
    assert not lease.holds()


def test_after_a_late_sign_of_life_the_silence_of_others_says_nothing_for_a_while() -> None:
    ticks = Ticks(1.0)
    lease = Lease("w", 2.5, ticks, renewed=0.0)
    lease.renew(1.0)
    assert lease.steady_for() > 1e9
    ticks.now = 10.0
    lease.renew(9.0)
    assert lease.steady_for() == 1.0


async def test_who_asks_waits_until_it_is_certain() -> None:
    lease = Lease("w", 2.5, Ticks())
    kept = asyncio.create_task(lease.kept())
    await asyncio.sleep(0)
    assert not kept.done()
    lease.renew(10.0)
    assert await soon(kept)


class Machine:
    """The one that we run on. It can sleep: the clock that counts on then has moved when it wakes up, no other one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._slept, self._tell = 0.0, time.clock_gettime
        monkeypatch.setattr(time, "clock_gettime", self._told)

    def sleep(self, seconds: float = 10_000.0) -> None:
        """Everything stands still."""
        self._slept += seconds

    def _told(self, clock: int) -> float:
        return self._tell(clock) + (self._slept if clock == time.CLOCK_BOOTTIME else 0.0)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    if not hasattr(time, "CLOCK_BOOTTIME"):
        pytest.skip("this system does not tell for how long it slept")
    return Machine(monkeypatch)


async def slept(engine: Engine, worker: Worker, machine: Machine) -> str:
    """A machine that slept, for longer than its worker's lease, right after that wrote down that a request begins."""
    begun = Ear(worker.signals.begun)
    machine.sleep()
    (delivery_id,) = await engine.accept(ANNA)
    await begun.hear(delivery_id)
    return delivery_id


async def test_a_machine_that_sleeps_just_before_the_write_does_not_write(engine: Engine, machine: Machine) -> None:
    may_write = list[bool]()

    def plan(posting: Posting) -> Outcome:
        fence = FENCE.get()
        assert fence is not None
        may_write.append(fence())
        machine.sleep()
        may_write.append(fence())
        return well(posting)

    await engine.knows(ANNA)
    engine.teams.plan = plan
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    await recorded.hear(*await engine.accept(ANNA))
    assert may_write == [True, False]


async def test_what_had_begun_when_the_machine_slept_is_not_written_before_the_worker_knows_that_it_lives(
    engine: Engine, machine: Machine
) -> None:
    await engine.knows(ANNA)
    worker = await engine.start()
    delivery_id = await slept(engine, worker, machine)
    assert engine.teams.postings == []
    recorded = Ear(worker.signals.recorded)
    await worker._pulse.beat()
    await recorded.hear(delivery_id)
    assert (await engine.delivery(delivery_id)).state is State.SENT
    assert len(engine.teams.postings) == 1


async def test_it_is_never_written_if_the_worker_was_taken_for_dead_and_another_one_sends_it(
    engine: Engine, machine: Machine
) -> None:
    await engine.knows(ANNA)
    worker = await engine.start()
    delivery_id = await slept(engine, worker, machine)
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
