"""Migrations: make exactly the tables that the code knows, once, whoever starts."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from subprocess import PIPE

import pytest
from sqlalchemy import Connection, text

from bellwire.errors import ConfigError
from bellwire.store.database import Database
from bellwire.store.tables import metadata
from tests.support.postgres import PostgresServer

MIGRATE = """
import asyncio, sys
from bellwire.store.database import Database

async def main():
    database = Database(sys.argv[1])
    await database.start()
    print("ready", flush=True)
    sys.stdin.readline()
    await database.migrate()
    await database.close()

asyncio.run(main())
"""

SHAPE = {
    "sqlite": "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name <> 'alembic_version'",
    "postgresql": """
        SELECT 'column', table_name || '.' || column_name, concat_ws(' ', data_type, collation_name, is_nullable)
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
        UNION SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conname NOT LIKE 'alembic%'
        UNION SELECT 'options', relname, array_to_string(reloptions, ' ') FROM pg_class WHERE reloptions IS NOT NULL
        UNION SELECT 'index', indexname, indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND indexname NOT LIKE 'alembic%'
    """,
}


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any tables."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/bare.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
async def bare(bare_url: str) -> AsyncIterator[Database]:
    database = Database(bare_url)
    await database.start()
    yield database
    await database.close()


def shape(conn: Connection) -> set[tuple[str, str, str]]:
    """Every table, constraint and index as the database describes it, without regard to the order of constraints."""
    rows = conn.execute(text(SHAPE[conn.dialect.name]))
    return {(kind, name, _sorted_lines(sql)) for kind, name, sql in rows}


def _sorted_lines(sql: str) -> str:
    """SQLite puts a column that was added later on the line of the column before it."""
    lines = re.split(r"\n|, (?=[a-z_]+ (?:TEXT|BIGINT|INTEGER))", sql)
    return "\n".join(sorted(line.strip(" ,\t") for line in lines))


async def test_the_migrations_make_the_tables_that_the_code_knows(bare: Database) -> None:
    await bare.migrate()
    migrated = await bare.read(shape)
    await bare.write(metadata.drop_all)
    await bare.write(metadata.create_all)

    assert migrated == await bare.read(shape)


async def test_migrating_again_changes_nothing(database: Database) -> None:
    before = await database.read(shape)
    await database.migrate()

    assert await database.read(shape) == before


async def test_two_processes_may_start_at_once(bare_url: str) -> None:
    command = (sys.executable, "-c", MIGRATE, bare_url)
    processes = [await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE) for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    ends = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))

    assert [(process.returncode, end[1]) for process, end in zip(processes, ends, strict=True)] == [(0, b"")] * 2


async def test_tables_of_a_newer_version_are_left_alone(database: Database) -> None:
    await database.write(lambda conn: conn.execute(text("UPDATE alembic_version SET version_num = '9999'")))

    with pytest.raises(ConfigError, match="newer"):
        await database.migrate()


async def test_the_first_migration_leaves_no_half_when_it_fails(bare: Database) -> None:
    """The last table is there already, so that the migration fails after it has made the others."""
    last = list(metadata.tables)[-1]
    await bare.write(lambda conn: conn.execute(text(f"CREATE TABLE {last} (id TEXT)")))
    with pytest.raises(Exception, match=last):
        await bare.migrate()
    await bare.write(lambda conn: conn.execute(text(f"DROP TABLE {last}")))

    await bare.migrate()

    assert len(await bare.read(shape)) > len(metadata.tables)
