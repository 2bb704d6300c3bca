"""The worker forgets what ended long ago, a little in each round, and the books keep it."""

from __future__ import annotations

from datetime import timedelta

from bellwire.model.delivery import State
from bellwire.store import deliveries, pruning
from bellwire.store.database import Database

from .engine import Ear, Engine, person

ANNA, BERT = person(1), person(2)
A_MONTH = timedelta(days=30)


async def test_what_ended_a_month_ago_is_forgotten_and_what_waits_is_not(engine: Engine, database: Database) -> None:
    await engine.knows(ANNA)
    (waits,) = await engine.accept(BERT, state=State.WAITING)
    (ended,) = await engine.accept(ANNA)
    worker = await engine.start(keep_for=A_MONTH)
    await Ear(worker.signals.recorded).hear(ended)
    engine.clock.advance(A_MONTH.total_seconds() - 1)
    await worker._upkeep.round()
    assert await database.read(lambda conn: deliveries.get(conn, ended)) is not None

    engine.clock.advance(2)
    await worker._upkeep.round()

    assert await database.read(lambda conn: deliveries.get(conn, ended)) is None
    assert await database.read(lambda conn: deliveries.get(conn, waits)) is not None
    assert (await engine.balance())["sent"] == 1


async def test_without_a_limit_nothing_is_forgotten(engine: Engine, database: Database) -> None:
    await engine.knows(ANNA)
    (ended,) = await engine.accept(ANNA)
    worker = await engine.start()
    await Ear(worker.signals.recorded).hear(ended)
    engine.clock.advance(1000 * A_MONTH.total_seconds())

    await worker._upkeep.round()

    assert await database.read(lambda conn: deliveries.get(conn, ended)) is not None
    assert await database.read(pruning.keys)
