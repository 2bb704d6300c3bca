"""On PostgreSQL, where several write at once: whoever lost a lane claims nothing there, whatever it saw before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Connection, make_url
from sqlalchemy.util import await_only

from bellwire.store import lanes, supply, workers
from bellwire.store.database import Database
from bellwire.store.lanes import LaneKey
from bellwire.store.supply import Supply

from .engine import NOW, Engine, person
from .test_claims import KEY, WANT, hire

ANNA = person(1)


@pytest.fixture
async def engine(postgres_url: str) -> AsyncIterator[Engine]:
    database = Database(postgres_url)
    await database.start()
    engine = Engine(database)
    yield engine
    await engine.close()
    await database.close()


@pytest.fixture
async def rescuer(postgres_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection whose transactions last as long as the test wants."""
    url = make_url(postgres_url)
    connection = await asyncpg.connect(**url.translate_connect_args(username="user"), **url.query)
    yield connection
    await connection.close()


def fetching(engine: Engine, worker: str) -> asyncio.Task[Supply]:
    op = partial(supply.fetch, worker=worker, wants=[WANT], now=NOW)
    return asyncio.ensure_future(engine.database.write(op))


async def somebody_waits(connection: asyncpg.Connection) -> None:
    """Return when another connection waits for a lock that this one holds."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    async with asyncio.timeout(20):
        while not await connection.fetchval(waits):
            pass


async def test_a_claim_that_overlaps_with_the_loss_of_its_lane_gets_nothing(
    engine: Engine, rescuer: asyncpg.Connection
) -> None:
    await engine.accept(ANNA)
    await hire(engine.database, "w", KEY)
    transaction = rescuer.transaction()
    await transaction.start()
    await rescuer.fetch("SELECT FROM lanes FOR UPDATE")
    await rescuer.execute("UPDATE lanes SET owner = 'v'")
    claim = fetching(engine, "w")
    await somebody_waits(rescuer)
    await transaction.commit()
    ((_, claimed),) = (await claim).claimed
    assert claimed == []


async def test_a_lane_is_not_lost_amid_a_claim(engine: Engine, rescuer: asyncpg.Connection) -> None:
    """Who takes the lane waits for the claim's end, and so sees what was claimed."""
    (delivery_id,) = await engine.accept(ANNA)
    await hire(engine.database, "w", KEY)
    transaction = rescuer.transaction()
    await transaction.start()
    assert await rescuer.fetch("SELECT FROM lanes WHERE owner = 'w' FOR KEY SHARE")
    retired = asyncio.ensure_future(engine.database.write(partial(workers.retire, worker="w", now=NOW)))
    await somebody_waits(rescuer)
    await rescuer.execute(
        "UPDATE deliveries SET state = 'sending', claimed_by = 'w', claimed_at = now() WHERE id = $1", delivery_id
    )
    await transaction.commit()
    assert await retired
    assert [each.delivery_id for each in await engine.database.write(partial(workers.held, worker="w"))] == [
        delivery_id
    ]


TAKERS: dict[str, Callable[[Connection], Any]] = {
    "retired by another": partial(workers.retire, worker="w", now=NOW),
    "taken from the dead": partial(lanes.own, worker="v", keys=[KEY]),
    "let go": partial(lanes.release, worker="w", keys=[KEY]),
}


@pytest.mark.parametrize("how", TAKERS)
async def test_whoever_holds_a_lane_keeps_it_to_the_end(engine: Engine, rescuer: asyncpg.Connection, how: str) -> None:
    await hire(engine.database, "w", KEY)
    await hire(engine.database, "v")
    if how == "taken from the dead":
        await rescuer.execute("UPDATE workers SET stopped_at = now() WHERE id = 'w'")
    held, enough = asyncio.Event(), asyncio.Event()

    def holding(conn: Connection) -> set[LaneKey]:
        found = lanes.hold(conn, "w", [KEY])
        held.set()
        await_only(enough.wait())
        return found

    holder = asyncio.ensure_future(engine.database.write(holding))
    await held.wait()
    taker = asyncio.ensure_future(engine.database.write(TAKERS[how]))
    waits = "SELECT count(*) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0"
    try:
        while not await rescuer.fetchval(f"{waits} AND datname = current_database()"):
            assert not taker.done()
    finally:
        enough.set()
    assert await holder == {KEY}
    assert await taker


async def test_what_is_held_is_what_is_owned(engine: Engine) -> None:
    await hire(engine.database, "w", KEY)
    await hire(engine.database, "v")
    assert await engine.database.write(partial(lanes.hold, worker="w", keys=[KEY])) == {KEY}
    assert await engine.database.write(partial(lanes.hold, worker="v", keys=[KEY])) == set()
