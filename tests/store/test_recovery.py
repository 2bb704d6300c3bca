"""When the database fails, callers are told so; when it is back, the service goes on by itself."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, make_url, select, text
from sqlalchemy.exc import DBAPIError

from bellwire.errors import StoreUnavailable
from bellwire.store import sqlite
from bellwire.store.database import Database
from bellwire.store.tables import workers
from tests.store.examples import NOW
from tests.support.postgres import PostgresServer


def add(conn: Connection, name: str) -> str:
    conn.execute(insert(workers).values(id=name, started_at=NOW, heartbeat_at=NOW))
    return name


def names(conn: Connection) -> set[str]:
    return set(conn.execute(select(workers.c.id)).scalars())


@pytest.fixture
async def postgres(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url)
    await database.start()
    yield database
    await database.close()


@pytest.fixture
async def file(sqlite_url: str) -> AsyncIterator[Database]:
    database = Database(sqlite_url)
    await database.start()
    yield database
    await database.close()


async def test_a_server_that_restarts_is_found_again(
    postgres: Database, postgres_server: PostgresServer, postgres_url: str
) -> None:
    await postgres.write(partial(add, name="before"))
    await postgres.read(names)
    postgres_server.interrupt(postgres_url)

    results = await asyncio.gather(*(postgres.write(partial(add, name=str(number))) for number in range(20)))

    assert len(results) == 20
    assert len(await postgres.read(names)) == 21


async def test_a_connection_lost_in_the_middle_is_replaced_and_nothing_is_done_twice(postgres: Database) -> None:
    lost = list[str]()

    def lose_the_connection_once(conn: Connection) -> str:
        add(conn, "unlucky")
        if not lost:
            lost.append("now")
            conn.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return "unlucky"

    ops: list[Callable[[Connection], str]] = [partial(add, name="a"), lose_the_connection_once, partial(add, name="b")]

    assert await asyncio.gather(*map(postgres.write, ops)) == ["a", "unlucky", "b"]
    assert await postgres.read(names) == {"a", "unlucky", "b"}


def lose_the_connection(conn: Connection) -> str:
    conn.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    return "never"


async def test_operations_that_always_lose_their_connection_harm_no_others(postgres: Database) -> None:
    ops: list[Callable[[Connection], str]]
    ops = [partial(add, name="a"), lose_the_connection, partial(add, name="b"), lose_the_connection]
    results = await asyncio.gather(*map(postgres.write, ops), return_exceptions=True)

    assert results[::2] == ["a", "b"]
    assert all(isinstance(result, StoreUnavailable) for result in results[1::2])
    assert await postgres.write(partial(add, name="after")) == "after"


async def test_an_operation_that_hides_its_lost_connection_does_not_stop_the_service(postgres: Database) -> None:
    def hide_it(conn: Connection) -> None:
        with suppress(DBAPIError):
            lose_the_connection(conn)
        raise LookupError

    results = await asyncio.gather(postgres.write(hide_it), postgres.write(hide_it), return_exceptions=True)

    assert all(isinstance(result, LookupError) for result in results)
    assert await postgres.write(partial(add, name="after")) == "after"


async def test_while_the_server_is_away_callers_are_told_and_afterwards_it_works_again(
    postgres: Database, postgres_server: PostgresServer, postgres_url: str
) -> None:
    await postgres.write(partial(add, name="before"))
    postgres_server.shut(postgres_url)

    writes = (postgres.write(partial(add, name=str(number))) for number in range(10))
    refused = await asyncio.gather(*writes, postgres.read(names), postgres.ping(), return_exceptions=True)
    assert all(isinstance(each, StoreUnavailable) for each in refused)
    assert len({id(each) for each in refused}) == 12

    postgres_server.reopen(postgres_url)
    await postgres.ping()
    assert await postgres.write(partial(add, name="after")) == "after"
    assert await postgres.read(names) == {"before", "after"}


async def test_two_transactions_that_wait_for_one_another_both_succeed_in_the_end(
    postgres: Database, postgres_url: str
) -> None:
    other = Database(postgres_url)
    await other.start()
    await postgres.write(lambda conn: [add(conn, name) for name in "ab"])

    def touch_both(conn: Connection, order: str) -> str:
        for name in order:
            conn.execute(text("UPDATE workers SET process = process || 'x' WHERE id = :id"), {"id": name})
            conn.execute(text("SELECT pg_sleep(0.05)"))
        return order

    results = await asyncio.gather(
        postgres.write(partial(touch_both, order="ab")), other.write(partial(touch_both, order="ba"))
    )
    await other.close()

    assert list(results) == ["ab", "ba"]


async def test_a_commit_that_fails_is_told_to_everyone_who_was_in_it(database: Database) -> None:
    deferred = "CREATE TABLE late (id TEXT PRIMARY KEY REFERENCES workers (id) DEFERRABLE INITIALLY DEFERRED)"
    await database.write(lambda conn: conn.execute(text(deferred)))

    with pytest.raises(StoreUnavailable):
        await database.write(lambda conn: conn.execute(text("INSERT INTO late VALUES ('nobody')")))

    assert await database.write(partial(add, name="after")) == "after"
    assert await database.read(names) == {"after"}


async def test_a_full_disk_refuses_writes_until_there_is_room(file: Database) -> None:
    def pages(conn: Connection, most: int) -> int:
        return int(conn.execute(text(f"PRAGMA max_page_count={most}")).scalar_one())

    used = await file.write(lambda conn: int(conn.execute(text("PRAGMA page_count")).scalar_one()))
    await file.write(partial(pages, most=used))

    long = [partial(add, name=f"{number}" + "x" * 9_000) for number in range(3)]
    refused = await asyncio.gather(*map(file.write, long), return_exceptions=True)
    assert all(isinstance(each, StoreUnavailable) for each in refused)
    assert await file.read(names) == set()

    await file.write(partial(pages, most=used + 1_000))
    assert len(await asyncio.gather(*map(file.write, long))) == 3


async def test_a_file_that_another_process_keeps_locked_refuses_writes_and_recovers(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.01)
    database = Database(sqlite_url)
    await database.start()
    other = sqlite3.connect(str(make_url(sqlite_url).database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    refused = await asyncio.gather(*(database.write(partial(add, name=n)) for n in "abc"), return_exceptions=True)
    assert all(isinstance(each, StoreUnavailable) for each in refused)
    assert await database.read(names) == set()

    other.execute("ROLLBACK")
    other.close()
    assert await database.write(partial(add, name="after")) == "after"
    await database.close()


async def test_a_server_that_is_not_there_is_named_at_the_start(tmp_path: Path) -> None:
    database = Database(f"postgresql+asyncpg://someone:s3cret@/none?host={tmp_path}")

    with pytest.raises(StoreUnavailable) as refused:
        await database.start()

    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("127.0.0.1:1/none", r"Nobody answers at 127\.0\.0\.1:1\."),
        ("localhost:1/none", r"Nobody answers at localhost:1\."),
        ("none.invalid/none", r"There is no host named none\.invalid"),
        ("/none?host=/none", r"Nobody answers at /none:5432\."),
        ("more@127.0.0.1:1/none", r"Nobody answers at that address\. In a password, @ is written as %40\."),
        ("none.invalid/more@127.0.0.1:1/none", r"Nobody answers at that address\."),
    ],
)
@pytest.mark.parametrize("scheme", ["postgresql+asyncpg", "postgresql", "postgres"])
async def test_where_nobody_answers_is_said_in_words_without_the_password(scheme: str, address: str, said: str) -> None:
    with pytest.raises(StoreUnavailable, match=said) as refused:
        await Database(f"{scheme}://someone:s3cret@{address}").start()

    assert not any(part in str(refused.value) for part in ("s3cret", "more", "someone"))


async def test_a_database_that_is_not_there_is_named_at_the_start(postgres_server: PostgresServer) -> None:
    with pytest.raises(StoreUnavailable, match="no database of this name"):
        await Database(postgres_server.url("none")).start()


async def test_errors_and_their_causes_hold_no_parameters(database: Database) -> None:
    await database.write(partial(add, name="s3cret"))

    with pytest.raises(Exception, match="workers") as refused:
        await database.write(partial(add, name="s3cret"))

    assert "s3cret" not in str(refused.value)
