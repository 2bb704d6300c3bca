"""Migrations: make exactly the tables that the code knows, once, whoever starts."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from subprocess import PIPE

import pytest
from alembic import command
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, make_url, text

import bellwire.store.migrations
from bellwire.errors import ConfigError
from bellwire.store.database import Database
from bellwire.store.migrations import configuration, revisions
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
    await database.write(partial(made_by_a_newer_version, runs_with="9999"))

    with pytest.raises(ConfigError, match="newer"):
        await database.migrate()


async def test_a_newer_version_can_say_that_this_one_may_go_on(database: Database) -> None:
    found = await database.inspect(revisions)
    assert found.newest is not None
    await database.write(partial(made_by_a_newer_version, runs_with=found.newest))

    await database.migrate()

    assert not await database.behind()
    assert (await database.inspect(revisions)).current == "9999"


def made_by_a_newer_version(conn: Connection, runs_with: str) -> None:
    conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    conn.execute(text("DELETE FROM oldest_code"))
    conn.execute(text("INSERT INTO oldest_code VALUES (:runs_with)"), {"runs_with": runs_with})


async def test_the_tables_tell_which_programs_may_work_on_them(bare: Database) -> None:
    await bare.migrate()
    found = await bare.inspect(revisions)

    assert found.oldest == max(script.module.runs_with for script in history() if script.revision > "0005")


def test_every_migration_says_with_which_programs_it_runs() -> None:
    """``runs_with``: the newest revision that the oldest program knows which works before, during and after it.

    That is the one before, if the migration only adds what older programs need not know: tables, columns that may be
    empty or have a default, indexes, wider checks.
    """
    silent = [script.path for script in history() if script.revision > "0005" and not declared(script)]
    assert not silent, "say runs_with in these migrations (see migrations/env.py)"


def declared(script: Script) -> bool:
    return "0000" < getattr(script.module, "runs_with", "") <= script.revision


def history() -> list[Script]:
    folder = Path(bellwire.store.migrations.__file__).parent
    return list(ScriptDirectory(str(folder)).walk_revisions())


async def test_a_migration_waits_for_a_table_without_making_others_wait(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody reads in a long transaction. A migration that waited for its end would hold up everybody else."""
    name = postgres_server.create()
    database, reader = Database(postgres_server.url(name)), Database(postgres_server.url(name))
    await database.start()
    await reader.start()
    await database.inspect(partial(up_to, revision="0004"))
    reads, ends = asyncio.Event(), asyncio.Event()

    async def long_transaction() -> None:
        async with reader._backend._reading.connect() as conn:  # type: ignore[union-attr]  # it is PostgreSQL's
            await conn.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))  # it is meant to take long
            await conn.execute(text("SELECT count(*) FROM attempts"))
            reads.set()
            await ends.wait()

    reading = asyncio.create_task(long_transaction())
    await reads.wait()
    given_up = asyncio.Event()
    monkeypatch.setattr("bellwire.store.database.UPGRADE_PAUSE", 0.01)
    monkeypatch.setattr("bellwire.store.database.log", Overheard(given_up))
    migrating = asyncio.create_task(database.migrate())
    waiting = asyncio.create_task(given_up.wait())
    await asyncio.wait({waiting, migrating}, return_when=asyncio.FIRST_COMPLETED)
    assert not migrating.done(), migrating.result()
    assert await reader.write(lambda conn: conn.scalar(text("SELECT count(*) FROM attempts"))) == 0
    ends.set()
    await migrating

    assert not await database.behind()
    await reading
    await database.close()
    await reader.close()
    postgres_server.drop(name)


class Overheard:
    """A log that sets an event when the upgrade says that it waits."""

    def __init__(self, heard: asyncio.Event) -> None:
        self._heard = heard

    def info(self, event: str, **_: object) -> None:
        if event == "upgrade_waits":
            self._heard.set()


def up_to(conn: Connection, revision: str) -> None:
    command.upgrade(configuration(conn), revision)
    conn.commit()


async def test_checks_that_were_widened_hold_for_the_rows_that_were_there(
    postgres_server: PostgresServer,
) -> None:
    name = postgres_server.create()
    database = Database(postgres_server.url(name))
    await database.start()
    await database.migrate()
    open_checks = "SELECT count(*) FROM pg_constraint WHERE NOT convalidated"

    assert await database.read(lambda conn: conn.scalar(text(open_checks))) == 0
    await database.close()
    postgres_server.drop(name)


async def test_a_check_that_nobody_has_looked_at_yet_is_looked_at_by_the_next_start(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    """A migration added it, and a lock was held for too long by somebody else when it was to be looked at."""
    add = "ALTER TABLE repairs ADD CONSTRAINT ck_repairs_later CHECK (attempts < 1000) NOT VALID"
    postgres_server.run(add, make_url(postgres_url).database)
    database = Database(postgres_url)
    looked_at = "SELECT convalidated FROM pg_constraint WHERE conname = 'ck_repairs_later'"
    await database.start()
    try:
        await database.migrate()
        assert await database.read(lambda conn: conn.scalar(text(looked_at)))
    finally:
        await database.close()


async def test_the_first_migration_leaves_no_half_when_it_fails(bare: Database) -> None:
    """The last table is there already, so that the migration fails after it has made the others."""
    last = list(metadata.tables)[-1]
    await bare.write(lambda conn: conn.execute(text(f"CREATE TABLE {last} (id TEXT)")))
    with pytest.raises(Exception, match=last):
        await bare.migrate()
    await bare.write(lambda conn: conn.execute(text(f"DROP TABLE {last}")))

    await bare.migrate()

    assert len(await bare.read(shape)) > len(metadata.tables)
