"""The worker forgets what ended long ago, a little in each round, and the books keep it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from sqlalchemy import Connection, Table, func, insert, select

from bellwire.delivery.pruner import BITES_A_ROUND, PAUSE
from bellwire.model.delivery import State
from bellwire.store import deliveries, pruning, repairs, tables, workers
from bellwire.store.bites import AT_ONCE
from bellwire.store.database import Database

from .engine import NOW, Ear, Engine, person

ANNA, BERT = person(1), person(2)
A_MONTH = timedelta(days=30)
LONG_AGO = NOW - 2 * A_MONTH


def rows(conn: Connection, table: Table) -> int:
    return conn.execute(select(func.count()).select_from(table)).scalar_one()


async def test_what_ended_a_month_ago_is_forgotten_and_what_waits_is_not(engine: Engine, database: Database) -> None:
    await engine.knows(ANNA)
    (waits,) = await engine.accept(BERT, state=State.WAITING)
    (ended,) = await engine.accept(ANNA)
    worker = await engine.start(keep_for=A_MONTH)
    await Ear(worker.signals.recorded).hear(ended)
    engine.clock.advance(A_MONTH.total_seconds() - 1)
    await worker._upkeep.round()
    assert await database.read(lambda conn: deliveries.get(conn, ended)) is not None

    engine.clock.advance(PAUSE.total_seconds())
    await worker._upkeep.round()

    assert await database.read(lambda conn: deliveries.get(conn, ended)) is None
    assert await database.read(lambda conn: deliveries.get(conn, waits)) is not None
    assert (await engine.balance())["sent"] == 1


async def test_repairs_that_are_over_and_workers_that_stopped_are_forgotten_as_well(
    engine: Engine, database: Database
) -> None:
    await engine.knows(ANNA)
    await database.write(partial(workers.register, worker="gone", process=None, now=engine.clock()))
    await database.write(partial(workers.retire, worker="gone", now=engine.clock()))
    worker = await engine.start(keep_for=A_MONTH)
    await database.write(partial(repairs.ask, persons=[ANNA], now=engine.clock(), new_id=lambda: "repair"))
    await Ear(worker.signals.recorded).hear("repair")

    async def kept() -> tuple[int, int]:
        await worker._upkeep.round()
        return await database.read(partial(rows, table=tables.repairs)), await database.read(
            partial(rows, table=tables.workers)
        )

    engine.clock.advance(A_MONTH.total_seconds() - 1)
    assert await kept() == (1, 2)
    engine.clock.advance(PAUSE.total_seconds())
    assert await kept() == (0, 1)


async def test_a_worker_looks_every_ten_minutes_and_not_each_second(engine: Engine, database: Database) -> None:
    await engine.knows(ANNA)
    (ended,) = await engine.accept(ANNA)
    worker = await engine.start(keep_for=A_MONTH)
    await Ear(worker.signals.recorded).hear(ended)
    engine.clock.advance(A_MONTH.total_seconds() - 1)
    await worker._upkeep.round()
    engine.clock.advance(2)
    await worker._upkeep.round()
    assert await database.read(lambda conn: deliveries.get(conn, ended)) is not None


async def test_where_there_is_more_than_a_round_takes_the_next_round_goes_on(
    engine: Engine, database: Database
) -> None:
    worker = await engine.start(keep_for=A_MONTH)
    engine.clock.advance(PAUSE.total_seconds())
    past = {"started_at": LONG_AGO, "heartbeat_at": LONG_AGO, "stopped_at": LONG_AGO}
    stopped = [{"id": f"worker-{number}", **past} for number in range(BITES_A_ROUND * AT_ONCE + 3)]
    await database.write(lambda conn: conn.execute(insert(tables.workers), stopped).close())

    forgotten = [await worker._upkeep._pruner.round() for _ in range(3)]

    assert forgotten == [BITES_A_ROUND * AT_ONCE, 3, 0]


async def test_without_a_limit_nothing_is_forgotten(engine: Engine, database: Database) -> None:
    await engine.knows(ANNA)
    (ended,) = await engine.accept(ANNA)
    worker = await engine.start()
    await Ear(worker.signals.recorded).hear(ended)
    engine.clock.advance(1000 * A_MONTH.total_seconds())

    await worker._upkeep.round()

    assert await database.read(lambda conn: deliveries.get(conn, ended)) is not None
    assert await database.read(pruning.tenants)
