"""One delivery, one worker: whoever claims, and however many at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

from bellwire.model.delivery import Priority, State
from bellwire.model.outcome import Step
from bellwire.store import journal, lanes, queue, supply, workers
from bellwire.store.database import Database
from bellwire.store.holding import Returned
from bellwire.store.journal import Begun, Result
from bellwire.store.lanes import LaneKey
from bellwire.store.queue import Claimed, Want

from .engine import NOW, OTHER_TENANT, TENANT, Ear, Engine, person

KEY = LaneKey("alerts", TENANT)
WANT = Want(TENANT, "alerts", Priority.NORMAL, 20)
ANNA = person(1)


async def hire(database: Database, worker: str, *keys: LaneKey) -> dict[LaneKey, object]:
    """A worker registers, and takes the lanes that it can get."""
    await database.write(partial(workers.register, worker=worker, process=None, now=NOW))
    return dict(await database.write(partial(lanes.own, worker=worker, keys=keys)))


async def claim(database: Database, worker: str, want: Want = WANT, at: float = 0.0) -> list[Claimed]:
    """What the worker gets."""
    now = NOW + timedelta(seconds=at)
    return (await database.write(partial(queue.claim, worker=worker, wants=[want], now=now)))[want]


async def test_two_claims_at_once_never_get_the_same(engine: Engine, database_url: str) -> None:
    accepted = await engine.accept(*(person(number) for number in range(300)))
    await hire(engine.database, "w", KEY)
    other = Database(database_url)
    await other.start()
    try:
        claims = await asyncio.gather(*(claim((engine.database, other)[n % 2], "w") for n in range(20)))
    finally:
        await other.close()
    ids = [each.id for claimed in claims for each in claimed]
    assert len(ids) == len(set(ids))
    assert set(ids) <= set(accepted)
    left = await claim(engine.database, "w", WANT._replace(most=500))
    assert {each.id for each in left} | set(ids) == set(accepted)


async def test_the_first_come_are_claimed_first(engine: Engine) -> None:
    (third,) = await engine.accept(ANNA, run_at=NOW + timedelta(seconds=2))
    (first,) = await engine.accept(ANNA, run_at=NOW)
    (second,) = await engine.accept(ANNA, run_at=NOW + timedelta(seconds=1))
    await hire(engine.database, "w", KEY)
    claimed = await claim(engine.database, "w", WANT._replace(most=2), at=5.0)
    assert [each.id for each in claimed] == [first, second]
    assert [each.id for each in await claim(engine.database, "w", at=5.0)] == [third]


async def test_what_is_not_due_is_not_claimed(engine: Engine) -> None:
    due = NOW + timedelta(seconds=10)
    await engine.accept(ANNA, run_at=due)
    await hire(engine.database, "w", KEY)
    assert await claim(engine.database, "w", at=9.9) == []
    assert await engine.database.read(partial(queue.next_due, wants=[WANT])) == {WANT: due}
    assert len(await claim(engine.database, "w", at=10.0)) == 1


async def test_many_lanes_are_claimed_together_each_its_share(engine: Engine) -> None:
    here, there, foreign = LaneKey("alerts", TENANT), LaneKey("alerts", OTHER_TENANT), LaneKey("news", TENANT)
    first, second, _ = [(await engine.accept(ANNA, run_at=NOW + timedelta(seconds=n)))[0] for n in range(3)]
    (urgent,) = await engine.accept(ANNA, priority=Priority.URGENT)
    (other,) = await engine.accept(person(1, tenant=OTHER_TENANT))
    await hire(engine.database, "w", here, there)
    await hire(engine.database, "another", foreign)
    wants = [Want(key.tenant_id, key.sender, priority, 2) for key in (here, there, foreign) for priority in Priority]
    claim_all = partial(queue.claim, worker="w", wants=wants, now=NOW + timedelta(seconds=9))
    claimed = {want: [each.id for each in found] for want, found in (await engine.database.write(claim_all)).items()}
    assert claimed == {key: [] for key in wants} | {
        Want(TENANT, "alerts", Priority.NORMAL, 2): [first, second],
        Want(TENANT, "alerts", Priority.URGENT, 2): [urgent],
        Want(OTHER_TENANT, "alerts", Priority.NORMAL, 2): [other],
    }


async def test_what_nobody_asked_for_is_not_said_to_be_due(engine: Engine) -> None:
    """Else a worker whose lane is full would look for urgent ones twenty times a second."""
    await engine.accept(ANNA)
    await hire(engine.database, "w", KEY)
    urgent = WANT._replace(priority=Priority.URGENT)
    found = await engine.database.write(partial(supply.fetch, worker="w", wants=[urgent], now=NOW))
    assert found.claimed == [(urgent, [])]
    assert found.due == {}
    both = partial(supply.fetch, worker="w", wants=[urgent, WANT._replace(most=1)], now=NOW - timedelta(seconds=1))
    assert (await engine.database.write(both)).due == {KEY: NOW}


async def test_a_lane_that_gave_all_that_was_wanted_is_not_said_to_have_more(engine: Engine) -> None:
    await engine.accept(ANNA, person(2))
    await hire(engine.database, "w", KEY)
    fetch = partial(supply.fetch, worker="w", wants=[WANT._replace(most=1)], now=NOW)
    found = await engine.database.write(fetch)
    assert [len(claimed) for _, claimed in found.claimed] == [1]
    assert found.due == {}


async def test_a_lane_has_one_owner(engine: Engine) -> None:
    await engine.accept(ANNA)
    assert set(await hire(engine.database, "first", KEY)) == {KEY}
    assert set(await hire(engine.database, "second", KEY)) == set()
    assert await claim(engine.database, "second") == []
    assert len(await claim(engine.database, "first")) == 1


async def test_the_lane_of_a_worker_that_ended_is_free(engine: Engine) -> None:
    await hire(engine.database, "first", KEY)
    await engine.database.write(partial(workers.retire, worker="first", now=NOW))
    assert set(await hire(engine.database, "second", KEY)) == {KEY}


async def test_a_claim_that_lost_its_lane_gets_nothing(engine: Engine) -> None:
    await engine.accept(ANNA)
    await hire(engine.database, "w", KEY)
    await engine.database.write(partial(workers.retire, worker="w", now=NOW))
    assert await claim(engine.database, "w") == []


async def test_what_is_given_back_is_due_at_its_time(engine: Engine) -> None:
    (delivery_id,) = await engine.accept(ANNA)
    await hire(engine.database, "w", KEY)
    await claim(engine.database, "w")
    later = NOW + timedelta(seconds=30)
    await engine.database.write(partial(queue.give_back, worker="w", returned=[Returned(delivery_id, NOW, later)]))
    delivery = await engine.delivery(delivery_id)
    assert (delivery.state, delivery.run_at) == (State.QUEUED, later)


async def test_nobody_gives_back_what_another_holds(engine: Engine) -> None:
    (delivery_id,) = await engine.accept(ANNA)
    await hire(engine.database, "w", KEY)
    await claim(engine.database, "w")
    await engine.database.write(partial(queue.give_back, worker="v", returned=[Returned(delivery_id, NOW, NOW)]))
    assert (await engine.delivery(delivery_id)).state is State.SENDING


async def begun(engine: Engine, worker: str, delivery_id: str, at: float = 0.0) -> set[str]:
    """Whether the attempt may go to the wire."""
    starting = [Begun(delivery_id, NOW, 1, Step.POST, NOW)]
    op = partial(journal.begin, worker=worker, starting=starting, now=NOW + timedelta(seconds=at))
    return await engine.database.write(op)


async def test_only_the_holder_may_begin_and_doing_it_again_changes_nothing(engine: Engine) -> None:
    (delivery_id,) = await engine.accept(ANNA)
    await hire(engine.database, "w", KEY)
    await hire(engine.database, "v")
    await claim(engine.database, "w")
    assert await begun(engine, "v", delivery_id) == set()
    assert await begun(engine, "w", delivery_id) == {delivery_id}
    assert await begun(engine, "w", delivery_id) == {delivery_id}
    assert len(await engine.attempts(delivery_id)) == 1


async def test_nothing_begins_after_its_expiry(engine: Engine) -> None:
    (delivery_id,) = await engine.accept(ANNA, expires_at=NOW + timedelta(seconds=5))
    await hire(engine.database, "w", KEY)
    await claim(engine.database, "w")
    assert await begun(engine, "w", delivery_id, at=5.0) == set()
    assert await begun(engine, "w", delivery_id, at=4.9) == {delivery_id}


async def test_a_result_recorded_twice_counts_once(engine: Engine) -> None:
    (delivery_id,) = await engine.accept(ANNA)
    await hire(engine.database, "w", KEY)
    await claim(engine.database, "w")
    await begun(engine, "w", delivery_id)
    result = Result(delivery_id, NOW, KEY, 1, State.SENT, NOW, "sent", activity_id="1:1")
    for expected in ({delivery_id}, set[str]()):
        assert await engine.database.write(partial(journal.record, worker="w", results=[result])) == expected
    assert (await engine.balance())["sent"] == 1


async def test_two_workers_share_the_tenants_and_send_everything_once(engine: Engine, database_url: str) -> None:
    people = [person(number, tenant=tenant) for tenant in (TENANT, OTHER_TENANT) for number in range(100)]
    await engine.knows(*people)
    other = Database(database_url)
    await other.start()
    try:
        first, second = await engine.start(), await engine.start(database=other)
        heard = Ear(first.signals.recorded), Ear(second.signals.recorded)
        accepted = set(await engine.accept(*people))
        first.wake()
        second.wake()
        tasks = {asyncio.ensure_future(ear.next()) for ear in heard for _ in accepted}
        recorded = set[object]()
        while recorded != accepted:
            done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED, timeout=20)
            recorded |= {task.result() for task in done}
        for task in tasks:
            task.cancel()
        await second.stop()
    finally:
        engine.workers.pop()
        await other.close()
    assert len(engine.teams.postings) == len(accepted)
    assert (await engine.balance())["sent"] == len(accepted)
