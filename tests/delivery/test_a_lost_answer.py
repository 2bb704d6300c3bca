"""A commit whose answer is lost has happened all the same: nothing stays in hands that do not know of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, Table, select

from bellwire.delivery import moves
from bellwire.delivery.worker import Worker
from bellwire.errors import StoreUnavailable
from bellwire.model.delivery import State
from bellwire.model.outcome import Retry, Step
from bellwire.store import recall, repairs
from bellwire.store.amendments import Progress
from bellwire.store.database import Database
from bellwire.store.recall import Claims
from bellwire.store.repairs import RepairState
from bellwire.store.tables import amendments as amendments_table
from bellwire.store.tables import deliveries as deliveries_table
from bellwire.store.tables import lanes as lanes_table
from bellwire.store.tables import repairs as repairs_table

from .engine import NOW, Ear, Engine, person, soon
from .test_amendments import change, new_id, wish, wishes
from .test_claims import KEY, WANT, claim, hire
from .test_lanes_move import KEYS, QUICK, TENANTS, owned

ANNA = person(1)


class Forgetful:
    """A database that loses the answer to the first commit after which ``told`` holds.

    Whoever asks for the very same again waits until ``again`` is set.
    """

    def __init__(self, database: Database, told: Callable[[Connection], bool]) -> None:
        self._database = database
        self._told = told
        self._unanswered: object = None
        self.lost = asyncio.Event()
        self.again = asyncio.Event()
        self.again.set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def write(self, op: Callable[[Connection], Any]) -> Any:
        """Commit, and sometimes say nothing of it."""
        if op is self._unanswered:
            await self.again.wait()
        result = await self._database.write(op)
        if not self.lost.is_set() and await self._database.read(self._told):
            self._unanswered = op
            self.lost.set()
            raise StoreUnavailable("The connection was lost during the commit.")
        return result


def claimed(table: Table) -> Callable[[Connection], bool]:
    """That something of this table is in a worker's hands."""
    return lambda conn: conn.execute(select(table.c.id).where(table.c.state == "sending")).first() is not None


def free(conn: Connection) -> bool:
    """That nobody owns a lane that was owned before."""
    return conn.execute(select(lanes_table.c.sender).where(lanes_table.c.owner.is_(None))).first() is not None


async def start(engine: Engine, told: Callable[[Connection], bool], **tuning: Any) -> tuple[Worker, Forgetful]:
    """A worker on such a database."""
    forgetful = Forgetful(engine.database, told)
    return await engine.start(database=forgetful, **tuning), forgetful  # type: ignore[arg-type]  # stands in for it


async def test_deliveries_whose_claim_was_not_confirmed_are_sent_once(engine: Engine) -> None:
    await engine.knows(ANNA)
    worker, database = await start(engine, claimed(deliveries_table))
    recorded = Ear(worker.signals.recorded)
    ids = await engine.accept(ANNA, ANNA, ANNA)
    await recorded.hear(*ids)
    assert database.lost.is_set()
    assert {(await engine.delivery(each)).state for each in ids} == {State.SENT}
    assert len(engine.teams.postings) == len(ids)


async def test_a_change_whose_claim_was_not_confirmed_is_made(engine: Engine) -> None:
    await engine.knows(ANNA)
    worker, database = await start(engine, claimed(amendments_table))
    recorded = Ear(worker.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA)
    await recorded.hear(delivery_id)
    await recorded.hear(wish(await change(engine, delivery_id)))
    assert database.lost.is_set()
    assert [each.progress for each in await wishes(engine, delivery_id)] == [Progress.DONE]
    assert engine.teams.steps() == [Step.POST, Step.CHANGE]


async def test_a_repair_whose_claim_was_not_confirmed_is_done(engine: Engine) -> None:
    worker, database = await start(engine, claimed(repairs_table))
    recorded = Ear(worker.signals.recorded)
    ask = partial(repairs.ask, persons=[ANNA], now=engine.clock(), new_id=lambda: new_id(engine))
    await engine.database.write(ask)
    await recorded.next()
    assert database.lost.is_set()
    (found,) = await engine.database.read(partial(repairs.page, tenants=[ANNA.tenant_id]))
    assert (found.state, engine.teams.steps()) == (RepairState.OPENED, [Step.OPEN_CHAT])


def tried(conn: Connection) -> bool:
    """That a delivery waits for its second try."""
    again = (deliveries_table.c.state == "queued") & (deliveries_table.c.attempts == 1)
    return conn.execute(select(deliveries_table.c.id).where(again)).first() is not None


async def test_what_is_tried_again_and_was_claimed_anew_is_not_queued_once_more(engine: Engine) -> None:
    """The first time that its end was written down nobody confirmed it; the second time it is in hand again."""
    await engine.knows(ANNA)
    engine.teams.plan = None
    worker, database = await start(engine, tried)
    database.again.clear()
    recorded = Ear(worker.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA)
    (await engine.teams.request()).answer(Retry(503, "ServiceUnavailable"))
    await soon(database.lost.wait())
    engine.clock.advance(60.0)
    worker.wake()
    second = await engine.teams.request()
    database.again.set()
    await recorded.hear(delivery_id)
    assert (await engine.delivery(delivery_id)).state is State.SENDING
    worker.wake()
    second.answer()
    await recorded.hear(delivery_id)
    assert (await engine.delivery(delivery_id)).state is State.SENT
    assert len(engine.teams.postings) == 2


async def test_a_claim_that_was_not_committed_takes_nothing_from_who_has_it_now(engine: Engine) -> None:
    mine, theirs, free = await engine.accept(ANNA, ANNA, ANNA)
    await hire(engine.database, "w", KEY)
    await claim(engine.database, "w", WANT._replace(most=1))
    await engine.database.write(lambda conn: _hand_over(conn, theirs))
    claims = Claims(deliveries={mine, theirs, free})
    recalled = partial(recall.recall, worker="w", claims=claims)
    assert await engine.database.write(recalled) == {mine}
    assert await engine.database.write(recalled) == set()
    states = [(await engine.delivery(each)).state for each in (mine, theirs, free)]
    assert states == [State.QUEUED, State.SENDING, State.QUEUED]


def _hand_over(conn: Connection, delivery_id: str) -> None:
    held = {"state": State.SENDING, "claimed_by": "v", "claimed_at": NOW}
    conn.execute(deliveries_table.update().where(deliveries_table.c.id == delivery_id).values(held))


async def test_a_lane_whose_release_was_not_confirmed_is_served_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moves, "STEADY", 0.0)
    people = [person(number, tenant=tenant) for number, tenant in enumerate(TENANTS[:2])]
    await engine.knows(*people)
    engine.clock.run()
    first, database = await start(engine, free, per_second=1, **QUICK)
    taken, released = Ear(first.signals.taken), Ear(first.signals.released)
    await engine.accept(*people * 20)
    await taken.hear(*KEYS[:2])
    second = await engine.start(per_second=1, **QUICK)
    await Ear(second.signals.taken).next()
    assert database.lost.is_set()
    lost = await released.next()
    assert owned(first).isdisjoint(owned(second))
    await soon(second.stop())
    await taken.hear(lost)
