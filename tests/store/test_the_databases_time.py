"""All processes on one PostgreSQL go by its time, whatever each machine takes for the time of day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from bellwire.store.clock import CLOCK_ERROR, OLD, DatabaseClock, ticks_of_the_machine
from bellwire.store.database import Database


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    opened = Database(postgres_url)
    await opened.start()
    yield opened
    await opened.close()


class Ticks:
    """A machine's monotonic seconds, which pass by ``step`` with every look."""

    def __init__(self, step: float = 0.0) -> None:
        self.now = 5_000.0
        self.step = step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


async def told(database: Database) -> datetime:
    return await database.read(lambda conn: conn.execute(select(func.clock_timestamp())).scalar_one())


async def test_it_tells_the_databases_time(database: Database) -> None:
    clock = DatabaseClock(database)
    await clock.start()
    try:
        before = await told(database)
        seen = clock()
        after = await told(database)
    finally:
        await clock.close()
    error = timedelta(seconds=CLOCK_ERROR) + (after - before)
    assert before - error <= seen <= after + error
    assert seen.utcoffset() == timedelta(0)


async def test_between_two_looks_the_machines_seconds_carry_it_on(database: Database) -> None:
    ticks = Ticks()
    clock = DatabaseClock(database, ticks)
    await clock.measure()
    seen = clock()
    ticks.now += 3.5
    assert clock() - seen == timedelta(seconds=3.5)


async def test_an_answer_that_took_long_does_not_replace_a_better_one(database: Database) -> None:
    ticks = Ticks()
    clock = DatabaseClock(database, ticks)
    await clock.measure()
    seen = clock()
    ticks.step = 20.0
    await clock.measure()
    ticks.step = 0.0
    assert abs((clock() - seen).total_seconds() - (ticks.now - 5_000.0)) < 1e-6
    ticks.now += OLD
    ticks.step = 2.0
    await clock.measure()
    ticks.step = 0.0
    assert abs((clock() - await told(database)).total_seconds()) < 10.0


def test_seconds_pass() -> None:
    ticks = ticks_of_the_machine()
    assert ticks() <= ticks()
