"""Whoever locks the rows of several lanes locks them in one order, so that no two ever wait for each other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Connection, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.util import await_only

from bellwire.delivery.decision import Decision, Pause
from bellwire.delivery.endings import Ending, ending, write_down
from bellwire.model.delivery import State
from bellwire.model.outcome import Retry, Scope, Step
from bellwire.model.recipient import Person
from bellwire.store import lanes, workers
from bellwire.store.database import Database
from bellwire.store.lanes import LaneKey
from bellwire.store.tables import deliveries
from bellwire.store.tables import lanes as table
from tests.delivery.engine import work
from tests.store.examples import a_delivery, accepted

NOW = datetime(2026, 3, 2, tzinfo=UTC)
FIRST, SECOND = LaneKey("z", "tenant-a"), LaneKey("a", "tenant-b")


def throttled(key: LaneKey) -> Ending:
    """A request that Teams answered with a pause of the whole lane."""
    asked = work(Person(*key, "somebody"), repair_id="none", step=Step.OPEN_CHAT, attempts=1)
    pause = Pause(Scope.TENANT, NOW)
    return ending(asked, Retry(None, "throttled"), Decision(state=State.QUEUED, run_at=NOW, pause=pause), NOW)


LOCKING: dict[str, Callable[[Connection], Any]] = {
    "own": partial(lanes.own, worker="w", keys=[SECOND, FIRST]),
    "hold": partial(lanes.hold, worker="w", keys=[SECOND, FIRST]),
    "release": partial(lanes.release, worker="w", keys=[SECOND, FIRST]),
    "retire": partial(workers.retire, worker="w", now=NOW),
    "throttled": partial(write_down, endings=[throttled(SECOND), throttled(FIRST)], returned=[], now=NOW),
}


@pytest.mark.parametrize("name", LOCKING)
async def test_who_waits_for_the_first_holds_no_other(database: Database, database_url: str, name: str) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    await database.write(partial(workers.register, worker="w", process=None, now=NOW))
    rows = [{"sender": key.sender, "tenant_id": key.tenant_id, "owner": "w"} for key in (SECOND, FIRST)]
    await database.write(lambda conn: conn.execute(insert(table), rows).close())
    dsn = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    other = await asyncpg.connect(dsn)
    try:
        async with other.transaction():
            await other.execute("SELECT 1 FROM lanes WHERE tenant_id = 'tenant-a' FOR UPDATE")
            waiting = asyncio.create_task(database.write(LOCKING[name]))
            while not await other.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                pass
            await other.execute("SELECT 1 FROM lanes WHERE tenant_id = 'tenant-b' FOR UPDATE NOWAIT")
        await waiting
    finally:
        await other.close()


async def test_a_pause_and_a_hold_in_groups_with_others_never_make_a_ring(database: Database) -> None:
    """One group takes in what a request ended with; the other feeds the lane, and somebody changes that message."""
    if database.dialect == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    await database.write(partial(workers.register, worker="w", process=None, now=NOW))
    await database.write(partial(lanes.own, worker="w", keys=[FIRST]))
    (delivery,) = await accepted(database, a_delivery())
    locked, holds, runs = asyncio.Event(), asyncio.Event(), list[str]()
    lock = select(deliveries.c.id).where(deliveries.c.id == delivery.id).with_for_update()

    def record(conn: Connection) -> None:
        runs.append("record")
        conn.execute(lock).all()
        locked.set()
        await_only(holds.wait())
        lanes.pause(conn, FIRST, NOW)

    def feed(conn: Connection) -> set[LaneKey]:
        runs.append("feed")
        await_only(locked.wait())
        held = lanes.hold(conn, "w", [FIRST])
        holds.set()
        conn.execute(lock).all()
        return held

    recorded = asyncio.ensure_future(database.write(record))
    await locked.wait()
    assert await database.write(feed) == {FIRST}
    await recorded
    assert sorted(runs) == ["feed", "record"]
