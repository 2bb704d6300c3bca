"""Not before its time, and never after it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from bellwire.delivery.starter import begin
from bellwire.model.delivery import IfUnreachable, State
from bellwire.model.outcome import Retry
from bellwire.model.reason import Reason
from bellwire.store import expiry

from .engine import NOW, Ear, Engine, person

ANNA, BERT = person(1), person(2)


async def test_what_is_to_be_sent_later_is_sent_later(engine: Engine) -> None:
    await engine.knows(ANNA)
    engine.clock.run()
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    due = engine.clock() + timedelta(seconds=0.7)
    (delivery_id,) = await engine.accept(ANNA, run_at=due)
    await recorded.hear(delivery_id)
    (attempt,) = await engine.attempts(delivery_id)
    assert due <= attempt.started_at < due + timedelta(seconds=5)


async def test_the_earliest_of_several_is_not_forgotten(engine: Engine) -> None:
    await engine.knows(ANNA, BERT)
    engine.clock.run()
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (later,) = await engine.accept(ANNA, run_at=engine.clock() + timedelta(seconds=1.2))
    (sooner,) = await engine.accept(BERT, run_at=engine.clock() + timedelta(seconds=0.4))
    assert await recorded.next() == sooner
    assert await recorded.next() == later


async def test_what_is_past_its_time_expires_unsent(engine: Engine) -> None:
    await engine.knows(ANNA)
    await engine.accept(ANNA, run_at=NOW + timedelta(hours=1), expires_at=NOW + timedelta(hours=2))
    (waits,) = await engine.accept(BERT, state=State.WAITING, expires_at=NOW + timedelta(minutes=5))
    worker = await engine.start()
    engine.clock.advance(301.0)
    await worker._upkeep.round()
    delivery = await engine.delivery(waits)
    assert (delivery.state, delivery.reason, delivery.finished_at) == (State.EXPIRED, Reason.EXPIRED, engine.clock())
    assert await engine.balance() == {
        "accepted": 2, "sent": 0, "undeliverable": 0, "unknown": 0, "cancelled": 0, "expired": 1, "open": 1
    }  # fmt: skip


async def test_what_expires_right_before_the_wire_is_not_sent(engine: Engine) -> None:
    await engine.knows(ANNA)
    engine.teams.plan = None
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (first, second) = await engine.accept(ANNA, ANNA, expires_at=NOW + timedelta(seconds=60))
    request = await engine.teams.request()
    engine.clock.advance(60.0)
    request.answer()
    await recorded.hear(first, second)
    assert (await engine.delivery(first)).state is State.SENT
    assert (await engine.delivery(second)).state is State.EXPIRED
    assert len(engine.teams.postings) == 1
    assert await engine.attempts(second) == []


class Corrected:
    """A database in whose first refusal to begin the clock is set back a little: it had run ahead."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.refused = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine.database, name)

    async def write(self, op: Any) -> Any:
        result = await self._engine.database.write(op)
        if getattr(op, "func", None) is begin and not result:
            self.refused += 1
            self._engine.clock.advance(-0.05 if self.refused == 1 else 0.0)
        return result


async def test_what_was_refused_by_a_clock_that_ran_ahead_stays_in_nobodys_hands(engine: Engine) -> None:
    await engine.knows(ANNA)
    engine.clock.advance(60.0)
    database = Corrected(engine)
    worker = await engine.start(database=database)  # type: ignore[arg-type]  # stands in for it
    (delivery_id,) = await engine.accept(ANNA, run_at=NOW, expires_at=engine.clock())
    recorded = Ear(worker.signals.recorded)
    worker.wake()
    await recorded.hear(delivery_id)
    assert database.refused == 1
    assert (await engine.delivery(delivery_id)).state is State.SENT


async def test_a_retry_does_not_outlive_the_expiry(engine: Engine) -> None:
    await engine.knows(ANNA)
    engine.teams.plan = lambda _: Retry(503, "ServiceUnavailable", 40.0)
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA, expires_at=NOW + timedelta(seconds=30))
    await recorded.hear(delivery_id)
    engine.clock.advance(40.0)
    await worker._upkeep.round()
    assert (await engine.delivery(delivery_id)).state is State.EXPIRED
    assert len(engine.teams.postings) == 1


async def test_many_expire_in_several_rounds(engine: Engine) -> None:
    await engine.accept(*[ANNA] * 25, expires_at=NOW + timedelta(seconds=1))
    engine.clock.advance(1.0)
    expired = [await engine.database.write(partial(expiry.expire, now=engine.clock(), most=10)) for _ in range(4)]
    assert expired == [10, 10, 5, 0]
    assert (await engine.balance())["expired"] == 25


async def test_who_waits_for_an_install_does_not_wait_for_ever(engine: Engine) -> None:
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    expires_at = NOW + timedelta(hours=1)
    (delivery_id,) = await engine.accept(ANNA, if_unreachable=IfUnreachable.WAIT, expires_at=expires_at)
    await recorded.hear(delivery_id)
    assert (await engine.delivery(delivery_id)).state is State.WAITING
    engine.clock.advance(3600.0)
    await worker._upkeep.round()
    assert (await engine.delivery(delivery_id)).state is State.EXPIRED
