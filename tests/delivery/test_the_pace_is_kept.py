"""The limits hold for what really leaves the worker, over restarts and rescues."""

from __future__ import annotations

import asyncio
from time import monotonic

from bellwire.model.outcome import Sent
from bellwire.model.posting import Posting

from .engine import TENANT, Ear, Engine, Script, person, soon

LIMIT = 20


class Watch(Script):
    """Notes when each request left."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    async def send(self, posting: Posting) -> Sent:
        """Teams answers after a moment."""
        self.times.append(monotonic())
        await asyncio.sleep(0)
        return Sent(f"1:{len(self.times)}")

    def busiest_second(self) -> int:
        """The most requests that any second saw."""
        return max(sum(start <= at < start + 1.0 for at in self.times) for start in self.times)


async def test_a_tenant_gets_its_rate_and_never_more(engine: Engine) -> None:
    people = [person(number) for number in range(60)]
    await engine.knows(*people)
    watch = Watch()
    engine.clock.run()
    worker = await engine.start(teams=watch, per_second=LIMIT)
    recorded = Ear(worker.signals.recorded)
    await recorded.hear(*await engine.accept(*people))
    assert watch.busiest_second() <= LIMIT
    assert watch.times[-1] - watch.times[0] < 60 / LIMIT + 2.0


async def test_a_restart_does_not_begin_afresh(engine: Engine) -> None:
    people = [person(number) for number in range(40)]
    await engine.knows(*people)
    watch = Watch()
    engine.clock.run()
    ids = await engine.accept(*people)
    for _ in range(2):
        worker = await engine.start(teams=watch, per_second=LIMIT)
        recorded = Ear(worker.signals.recorded)
        for _ in range(10):
            await recorded.next()
        await worker.stop()
    worker = await engine.start(teams=watch, per_second=LIMIT)
    recorded = Ear(worker.signals.recorded)
    missing = set(ids) - {each for each in ids if (await engine.delivery(each)).state == "sent"}
    while missing:
        missing -= {str(await recorded.next())} | {
            each for each in missing if (await engine.delivery(each)).state == "sent"
        }
    assert len(watch.times) == len(ids)
    assert watch.busiest_second() <= LIMIT


async def test_a_person_gets_no_more_than_seven_a_second_over_a_restart(engine: Engine) -> None:
    anna = person(1)
    await engine.knows(anna)
    watch = Watch()
    engine.clock.run()
    await engine.accept(*[anna] * 10)
    first = await engine.start(teams=watch)
    recorded = Ear(first.signals.recorded)
    for _ in range(5):
        await recorded.next()
    await first.stop()
    second = await engine.start(teams=watch)
    recorded = Ear(second.signals.recorded)
    while len(watch.times) < 10:
        await recorded.next()
    assert watch.busiest_second() <= 7


async def test_what_a_dead_worker_left_under_way_counts_as_sent_just_now(engine: Engine) -> None:
    people = [person(number) for number in range(10)]
    await engine.knows(*people)
    engine.teams.plan = None
    first = await engine.start(per_second=4)
    await engine.accept(*people)
    under_way = [await engine.teams.request() for _ in range(4)]
    assert len(under_way) == 4
    await engine.crash(first)
    engine.clock.advance(100.0)
    engine.clock.run()
    watch = Watch()
    began = monotonic()
    second = await engine.start(teams=watch, per_second=4, heartbeat=5.0)
    recorded = Ear(second.signals.recorded)
    while not watch.times:
        await recorded.next()
    assert watch.times[0] - began >= 1.0
    lane = next(iter(second._station.lanes))
    assert lane.key.tenant_id == TENANT


async def test_a_million_ahead_of_it_in_a_paused_lane_cost_the_others_nothing(engine: Engine) -> None:
    """A lane that may not send is not even looked at: only its timer knows of it."""
    shut, free = person(1), person(2, tenant="0f0e0d0c-86f1-41af-91ab-2d7cd011db47")
    await engine.knows(shut, free)
    worker = await engine.start()
    claimed, recorded = Ear(worker.signals.claimed), Ear(worker.signals.recorded)
    await recorded.hear(*await engine.accept(shut))
    lane = next(iter(worker._station.lanes))
    lane.paused_until = worker._station.ticks() + 3600.0
    await engine.accept(*[shut] * 200)
    (other,) = await engine.accept(free)
    await recorded.hear(other)
    await claimed.hear(other)
    assert len(engine.teams.postings) == 2
    assert await soon(_nothing(claimed))


async def _nothing(ear: Ear) -> bool:
    return ear._heard.empty()
