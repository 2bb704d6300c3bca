"""Which lanes have work is found from lane to lane: what is read does not grow with what is queued in one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Connection, Table, create_engine, insert

from bellwire.store.database import Database
from bellwire.store.lane_queue import firsts
from bellwire.store.tables import amendments, repairs
from tests.store.examples import NOW

LANES = [("tenant-a", "alerts"), ("tenant-a", "news"), ("tenant-b", "alerts"), ("tenant-b", "news"), ("tenant-c", "a")]
OWN: dict[Table, Mapping[str, Any]] = {
    amendments: {"delivery_id": "delivery", "step": "take_back", "accepted_at": NOW},
    repairs: {"asked_at": NOW, "attempts": 0},
}
_numbers = count()


def queue(conn: Connection, table: Table, number: int) -> None:
    """So many more of each lane."""
    each = {"state": "queued", "run_at": NOW, **OWN[table]}
    whose = [{"tenant_id": tenant_id, "sender": sender} for tenant_id, sender in LANES for _ in range(number)]
    names = [f"{next(_numbers):09d}" for _ in whose]
    rows = [{**lane, **each, "id": name, "aad_object_id": name} for lane, name in zip(whose, names, strict=True)]
    conn.execute(insert(table), rows)


@pytest.fixture
def conn(sqlite_url: str) -> Iterator[Connection]:
    """A connection that tells what each statement takes; it looks at no foreign key."""
    engine = create_engine(sqlite_url.replace("+aiosqlite", ""))
    with engine.connect() as conn:
        yield conn
    engine.dispose()


def steps(conn: Connection, table: Table) -> int:
    """How many instructions SQLite needs for it."""
    taken = count()
    connection: Any = conn.connection.driver_connection
    connection.set_progress_handler(lambda: next(taken) < 0, 1)
    assert len(conn.execute(firsts(table)).all()) == len(LANES)
    connection.set_progress_handler(None, 1)
    return next(taken)


@pytest.mark.parametrize("table", OWN, ids=lambda table: str(table.name))
def test_sqlite_reads_as_much_where_a_thousand_are_queued_as_where_ten_are(conn: Connection, table: Table) -> None:
    queue(conn, table, 10)
    few = steps(conn, table)
    queue(conn, table, 1_000)
    assert steps(conn, table) < 1.1 * few


async def test_each_lane_is_found_once_with_its_first(database: Database) -> None:
    await database.write(lambda conn: queue(conn, repairs, 2))
    found = await database.read(lambda conn: conn.execute(firsts(repairs)).all())
    assert sorted((tenant_id, sender, at) for sender, tenant_id, at in found) == [(*lane, NOW) for lane in LANES]
