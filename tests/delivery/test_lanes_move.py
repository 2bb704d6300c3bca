"""Lanes are shared among the living workers, and what was sent moves with them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from time import monotonic
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwire.delivery import moves
from bellwire.delivery.share import excess, fair, to_take
from bellwire.delivery.worker import Worker
from bellwire.model.delivery import State
from bellwire.model.outcome import Sent
from bellwire.model.posting import Posting
from bellwire.store.lanes import LaneKey

from .engine import Ear, Engine, Script, person, soon

TENANTS = tuple(f"{number:08d}-86f1-41af-91ab-2d7cd011db47" for number in range(4))
KEYS = tuple(LaneKey("alerts", tenant) for tenant in TENANTS)
QUICK: dict[str, Any] = {"heartbeat": 0.1, "missed_beats": 1_000}
LIMIT = 20


@given(lanes=st.integers(0, 60), workers=st.integers(1, 8), new=st.integers(1, 7))
def test_nothing_is_left_to_nobody_and_nobody_hands_over_what_it_just_took(lanes: int, workers: int, new: int) -> None:
    free = {LaneKey("alerts", str(number)) for number in range(lanes)}
    for number in range(workers):
        taken = to_take(free, set(), str(number), mine=0, lanes=lanes, workers=workers)
        assert excess(len(taken), lanes=lanes, workers=workers) == 0
        free = free - set(taken)
    assert not free
    before, share = fair(lanes, workers), fair(lanes, workers + new)
    moved = excess(before, lanes=lanes, workers=workers + new)
    assert moved in (0, before - share)
    assert moved > 0 or before <= share * 1.25


@given(counts=st.lists(st.integers(0, 40), min_size=2, max_size=8))
def test_who_hands_over_keeps_a_fair_share_and_somebody_has_room_for_the_rest(counts: list[int]) -> None:
    lanes, workers = sum(counts), len(counts)
    given_up = [excess(count, lanes=lanes, workers=workers) for count in counts]
    kept = [count - less for count, less in zip(counts, given_up, strict=True)]
    assert all(mine >= fair(lanes, workers) for mine, less in zip(kept, given_up, strict=True) if less)
    assert sum(max(fair(lanes, workers) - mine, 0) for mine in kept) >= sum(given_up)


def test_a_small_surplus_moves_nothing() -> None:
    assert excess(2, lanes=2, workers=2) == 1
    assert excess(6, lanes=20, workers=4) == 0
    assert excess(7, lanes=20, workers=4) == 2


class Watch(Script):
    """Notes when each request left, and for whom."""

    def __init__(self) -> None:
        super().__init__()
        self.times: defaultdict[str, list[float]] = defaultdict(list)
        self.told: list[str] = []

    async def send(self, posting: Posting) -> Sent:
        """Teams answers after a moment."""
        assert posting.message is not None
        self.times[posting.person.tenant_id].append(monotonic())
        self.told.append(posting.message.id)
        await asyncio.sleep(0.02)
        return Sent(f"1:{len(self.told)}")

    def busiest_second(self) -> int:
        """The most requests of one tenant that any second saw."""
        return max(sum(at <= other < at + 1.0 for other in times) for times in self.times.values() for at in times)


def owned(worker: Worker) -> set[LaneKey]:
    return {lane.key for lane in worker._station.lanes}


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is busy now counts as a load at once."""
    monkeypatch.setattr(moves, "STEADY", 0.0)


async def sent(engine: Engine, ids: list[str]) -> bool:
    return all([(await engine.delivery(each)).state is State.SENT for each in ids])


@pytest.mark.usefixtures("at_once")
async def test_a_new_worker_gets_its_share_and_no_window_is_exceeded(engine: Engine) -> None:
    people = [person(number, tenant=tenant) for tenant in TENANTS for number in range(3 * LIMIT)]
    await engine.knows(*people)
    engine.clock.run()
    watch = Watch()
    first = await engine.start(teams=watch, per_second=LIMIT, **QUICK)
    recorded = Ear(first.signals.recorded)
    ids = await engine.accept(*people)
    for _ in range(LIMIT):
        await recorded.next()
    assert owned(first) == set(KEYS)
    second = await engine.start(teams=watch, per_second=LIMIT, **QUICK)
    taken, rounds = Ear(second.signals.taken), second.signals.upkeep.listen()
    await taken.next()
    await taken.next()
    while not await sent(engine, ids):
        await soon(rounds.get())
    assert not owned(first) & owned(second)
    assert len(watch.told) == len(set(watch.told)) == len(ids)
    assert watch.busiest_second() <= LIMIT


@pytest.mark.usefixtures("at_once")
async def test_a_lane_leaves_when_what_is_under_way_is_answered(engine: Engine) -> None:
    anna, bert = person(1, tenant=TENANTS[0]), person(2, tenant=TENANTS[1])
    await engine.knows(anna, bert)
    engine.teams.plan = None
    engine.clock.run()
    first = await engine.start(per_second=1, **QUICK)
    released = Ear(first.signals.released)
    ids = await engine.accept(anna, bert, anna, bert)
    requests = [await engine.teams.request() for _ in range(2)]
    second = await engine.start(per_second=1, **QUICK)
    taken, rounds = Ear(second.signals.taken), second.signals.upkeep.listen()
    for _ in range(3):
        await soon(rounds.get())
    assert owned(second) == set()
    for request in requests:
        request.answer()
    key = await released.next()
    await taken.hear(key)
    engine.teams.answer_all()
    while not await sent(engine, ids):
        await soon(rounds.get())
    workers = {each.worker for each in await engine.attempts(ids[2])} | {
        each.worker for each in await engine.attempts(ids[3])
    }
    assert workers == {first.id, second.id}


@pytest.mark.usefixtures("at_once")
async def test_a_lane_whose_request_is_not_answered_stays(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moves, "PATIENCE", 0.2)
    people = [person(number, tenant=tenant) for number, tenant in enumerate(TENANTS[:2])]
    await engine.knows(*people)
    engine.teams.plan = None
    engine.clock.run()
    first = await engine.start(**QUICK)
    ids = await engine.accept(*people)
    for _ in people:
        await engine.teams.request()
    second = await engine.start(**QUICK)
    rounds = second.signals.upkeep.listen()
    while not any(lane.leaving for lane in first._station.lanes):
        await soon(rounds.get())
    while any(lane.leaving for lane in first._station.lanes):
        await soon(rounds.get())
    engine.teams.answer_all()
    while not await sent(engine, ids):
        await soon(rounds.get())
    assert len(engine.teams.postings) == len(ids)


async def test_a_worker_that_stops_lets_its_lanes_go_one_by_one(engine: Engine) -> None:
    anna, bert = person(1, tenant=TENANTS[0]), person(2, tenant=TENANTS[1])
    await engine.knows(anna, bert)
    engine.teams.plan = None
    first = await engine.start(**QUICK)
    released = Ear(first.signals.released)
    ids = await engine.accept(anna, bert)
    (to_anna,) = [each for each in [await engine.teams.request() for _ in range(2)] if each.person == anna]
    second = await engine.start(**QUICK)
    stopping = asyncio.create_task(first.stop())
    to_anna.answer()
    assert await released.next() == KEYS[0]
    assert not stopping.done()
    taken = Ear(second.signals.taken)
    recorded = Ear(second.signals.recorded)
    (again,) = await engine.accept(anna)
    await taken.hear(KEYS[0])
    engine.teams.answer_all()
    await recorded.hear(again)
    await soon(stopping)
    assert await sent(engine, [*ids, again])


class Crowd:
    """A worker that has everything to do, and how many rounds of its upkeep went by in which it kept its lanes."""

    def __init__(self, engine: Engine, worker: Worker) -> None:
        self.engine, self.worker = engine, worker
        self.released, self.taken = Ear(worker.signals.released), Ear(worker.signals.taken)
        self.rounds = worker.signals.upkeep.listen()

    async def kept(self, rounds: int) -> tuple[int, int]:
        """How many lanes it took and lost in the rounds to come."""
        before = self.worker.lane_changes
        while not self.rounds.empty():
            self.rounds.get_nowait()
        for _ in range(rounds):
            await soon(self.rounds.get())
        after = self.worker.lane_changes
        return after[0] - before[0], after[1] - before[1]


@pytest.fixture
async def crowd(engine: Engine, at_once: None) -> Crowd:
    """Four tenants with work for minutes, all of them one worker's."""
    people = [person(number, tenant=tenant) for tenant in TENANTS for number in range(200)]
    await engine.knows(*people)
    engine.clock.run()
    worker = await engine.start(per_second=1, **QUICK)
    crowd = Crowd(engine, worker)
    await engine.accept(*people)
    await crowd.taken.hear(*KEYS)
    return crowd


async def test_lanes_that_nobody_else_can_serve_are_offered_once(crowd: Crowd) -> None:
    await crowd.engine.start(senders={"other": Script()}, **QUICK)
    back = [await crowd.released.next(), await crowd.released.next()]
    await crowd.taken.hear(*back)
    assert await crowd.kept(rounds=10) == (0, 0)
    third = await crowd.engine.start(per_second=1, **QUICK)
    await Ear(third.signals.taken).next()


async def test_lanes_of_a_worker_that_stops_are_not_offered_to_it_again(crowd: Crowd) -> None:
    engine, slow = crowd.engine, Script(plan=None)
    second = await engine.start(teams=slow, per_second=1, **QUICK)
    given = [await crowd.released.next(), await crowd.released.next()]
    requests = [await slow.request(), await slow.request()]
    stopping = asyncio.create_task(second.stop())
    requests[0].answer()
    back = LaneKey("alerts", requests[0].person.tenant_id)
    assert back in given
    await crowd.taken.hear(back)
    assert await crowd.kept(rounds=10) == (0, 0)
    slow.answer_all()
    await soon(stopping)
