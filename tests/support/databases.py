"""The fixtures ``database_url`` and ``database``: each test that asks for one runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from typing import Final

import asyncpg
import pytest

from bellwire.store.database import Database
from bellwire.store.tables import metadata
from tests.support.postgres import PostgresServer, running_server


async def _migrate(url: str) -> None:
    database = Database(url)
    await database.start()
    await database.migrate()
    await database.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real PostgreSQL server, one for each process of the test run."""
    with running_server() as server:
        yield server


class Stock:
    """Migrated, empty databases on one server. One that a test gave back is emptied, which is faster than a new one.

    Whatever a test did to the tables themselves, or left open, does not reach the next test.
    """

    def __init__(self, server: PostgresServer, template: str) -> None:
        self._server = server
        self._template = template
        self._shape = server.run(_SHAPE, template)
        self._idle = list[str]()

    def take(self) -> str:
        """The name of a database that is nobody else's."""
        return self._idle.pop() if self._idle else self._server.create(self._template)

    def give_back(self, name: str) -> None:
        """Empty the database for the next test; drop it if it is not what it was."""
        self._server.disconnect(name)
        try:
            clean = self._server.run(_SHAPE, name) == self._shape and self._server.run(_EMPTY, name) is None
        except asyncpg.PostgresError:
            clean = False
        if clean:
            self._idle.append(name)
        else:
            self._server.drop(name)

    def close(self) -> None:
        """Drop them all."""
        for name in self._idle:
            self._server.drop(name)


_SHAPE: Final = """
    SELECT string_agg(relname, ' ' ORDER BY relname) || (SELECT version_num FROM alembic_version)
    FROM pg_class WHERE relnamespace = 'public'::regnamespace
"""
_DELETIONS: Final = "\n".join(f"DELETE FROM {table.name};" for table in reversed(metadata.sorted_tables))
_EMPTY: Final = f"DO $$ BEGIN {_DELETIONS} END $$"


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> Iterator[str]:
    """The name of a migrated, empty database to copy."""
    name = postgres_server.create()
    asyncio.run(_migrate(postgres_server.url(name)))
    yield name
    postgres_server.drop(name)


@pytest.fixture(scope="session")
def postgres_stock(postgres_server: PostgresServer, postgres_template: str) -> Iterator[Stock]:
    """Databases for tests."""
    stock = Stock(postgres_server, postgres_template)
    yield stock
    stock.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty file to copy."""
    path = tmp_path_factory.mktemp("template") / "bellwire.db"
    asyncio.run(_migrate(f"sqlite+aiosqlite:///{path}"))
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a migrated, empty SQLite database."""
    path = tmp_path / "bellwire.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, postgres_stock: Stock) -> Iterator[str]:
    """The address of a migrated, empty PostgreSQL database."""
    name = postgres_stock.take()
    yield postgres_server.url(name)
    postgres_stock.give_back(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a migrated, empty database of either kind."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated, empty database of either kind, started."""
    database = Database(database_url)
    await database.start()
    yield database
    await database.close()
