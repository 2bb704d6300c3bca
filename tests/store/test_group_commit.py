"""Many operations in one transaction: each fares as if it had run alone."""

from __future__ import annotations

from sqlalchemy import insert, select

from bellwire.store.database import Database
from bellwire.store.tables import workers
from tests.store.examples import NOW


async def test_what_is_written_can_be_read(database: Database) -> None:
    await database.write(lambda conn: conn.execute(insert(workers).values(id="a", started_at=NOW, heartbeat_at=NOW)))

    found = await database.read(lambda conn: conn.execute(select(workers.c.started_at)).scalar_one())

    assert found == NOW
