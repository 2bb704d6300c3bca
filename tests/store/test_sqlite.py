"""SQLite: a private file, durable, that another process may open too."""

from __future__ import annotations

import asyncio
import stat
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, text

from bellwire.errors import ConfigError
from bellwire.store.database import Database
from bellwire.store.tables import workers
from tests.store.examples import NOW


def add(conn: Connection, name: str) -> None:
    conn.execute(insert(workers).values(id=name, started_at=NOW, heartbeat_at=NOW))


def modes(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


async def test_nobody_but_its_owner_can_read_the_file(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/own.db")
    await database.start()
    await database.migrate()
    await database.write(partial(add, name="a"))

    found = modes(tmp_path)
    await database.close()

    assert found == dict.fromkeys(("own.db", "own.db-wal", "own.db-shm"), 0o600)


async def test_a_commit_is_on_the_disk_before_it_is_reported(sqlite_url: str) -> None:
    def settings(conn: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [conn.execute(text(f"PRAGMA {name}")).scalar() for name in names]

    database = Database(sqlite_url)
    await database.start()
    found = await database.write(settings)
    await database.close()

    assert found == ["wal", 2, 1]


async def test_two_services_write_to_one_file_without_losing_anything(sqlite_url: str) -> None:
    services = Database(sqlite_url), Database(sqlite_url)
    for service in services:
        await service.start()
    writes = [
        service.write(partial(add, name=f"{place} {number}"))
        for number in range(50)
        for place, service in enumerate(services)
    ]
    await asyncio.gather(*writes)

    stored = await services[0].read(lambda conn: conn.execute(select(workers.c.id)).scalars().all())
    for service in services:
        await service.close()
    assert len(stored) == 100


@pytest.mark.parametrize("url", ["sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:", "mysql://x/y", "nonsense", ""])
def test_an_address_that_cannot_serve_is_refused(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Database(url)

    assert refused.value.field == "BELLWIRE_DATABASE_URL"


async def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/none/bellwire.db")

    with pytest.raises(ConfigError, match="folder"):
        await database.start()


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("This is no database. " * 1_000)
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/text.db")

    with pytest.raises(Exception, match=r"The file is no SQLite database \(NOTADB\)"):
        await database.start()
