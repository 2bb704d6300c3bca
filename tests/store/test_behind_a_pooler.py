"""A transaction pooler (PgBouncer) between the service and PostgreSQL: all but the listening goes through it."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Connection, make_url, text

from bellwire.errors import ConfigError
from bellwire.simulator import Simulator
from bellwire.store import books
from bellwire.store.database import Database
from bellwire.store.wakeup import ring
from tests.support.crowd import installed_long_ago
from tests.support.service import running

PGBOUNCER: Final = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
PEOPLE: Final = 30
ADVISORY_LOCKS: Final = """
    SELECT count(*) FROM pg_locks
    WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

pytestmark = pytest.mark.skipif(PGBOUNCER is None, reason="PgBouncer is not installed (apt-get install pgbouncer)")


@asynccontextmanager
async def pooler(url: str, folder: Path, pool_size: int) -> AsyncIterator[str]:
    """PgBouncer in front of the database, with fewer connections to it than the service has to the pooler."""
    target = make_url(url)
    port = unused_port()
    for name, content in {
        "users.txt": '"postgres" ""\n',
        "pgbouncer.ini": f"""
            [databases]
            * = host={target.query["host"]} user=postgres
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = any
            auth_file = {folder}/users.txt
            pool_mode = transaction
            default_pool_size = {pool_size}
            logfile = {folder}/log
            pidfile = {folder}/pid
        """.replace("            ", ""),
    }.items():
        (folder / name).write_text(content)
    assert PGBOUNCER is not None
    user = "nobody" if os.geteuid() == 0 else None  # it refuses to run as root
    if user is not None:
        for name in ("", "users.txt", "pgbouncer.ini"):
            shutil.chown(folder / name, user)
    process = await asyncio.create_subprocess_exec(PGBOUNCER, "-q", folder / "pgbouncer.ini", cwd="/", user=user)
    try:
        await answering(port)
        yield target.set(host="127.0.0.1", port=port, query={}).render_as_string(hide_password=False)
    finally:
        process.terminate()
        await process.wait()


async def answering(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that another user may look into."""
    with tempfile.TemporaryDirectory(prefix="bellwire-pgbouncer-") as name:
        yield Path(name)


async def test_the_service_sends_through_two_connections_of_the_pooler(postgres_url: str, folder: Path) -> None:
    async with pooler(postgres_url, folder, 2) as pooled, Simulator() as teams:
        environment = {"BELLWIRE_DATABASE_DIRECT_URL": postgres_url}
        async with (
            running(pooled, teams=teams, environment=environment) as first,
            running(pooled, teams=teams, environment=environment) as second,
        ):
            crowd = teams.crowd(PEOPLE)
            await first.bellwire.database.write(lambda conn: installed_long_ago(conn, crowd))
            for service in (first, second):
                body = {"to": [actor.aad_object_id for actor in crowd], "text": "Hello"}
                reply = await service.call("POST", "/v1/messages/bulk", body)
                assert reply.status == 202, reply.body
            await teams.ledger.wait_for(2 * PEOPLE, 60.0)
            assert await first.bellwire.database.read(books.audit) == []
        assert not teams.exceeded


async def test_a_bell_is_heard_past_the_pooler(postgres_url: str, folder: Path) -> None:
    async with pooler(postgres_url, folder, 2) as pooled:
        here, there = Database(pooled, postgres_url), Database(pooled, postgres_url)
        for each in (here, there):
            await each.start()
        try:
            bell = there.bell()
            await here.write(ring)
            assert await bell.wait(20)
        finally:
            for each in (here, there):
                await each.close()


async def test_whoever_changes_the_tables_has_a_session_of_its_own(postgres_url: str, folder: Path) -> None:
    """In the pooler's sessions its lock would stay behind, and the next statement might run without its settings."""
    async with pooler(postgres_url, folder, 1) as pooled:
        database = Database(pooled, postgres_url)
        await database.start()
        try:
            await database.inspect(lock_and_set)
            assert await database.read(lambda conn: conn.scalar(text(ADVISORY_LOCKS))) == 0
            assert await database.read(lambda conn: conn.scalar(text("SHOW lock_timeout"))) == "0"
        finally:
            await database.close()


def lock_and_set(conn: Connection) -> None:
    with conn.begin():
        conn.execute(text("SET lock_timeout = '7s'"))
        conn.execute(text("SELECT pg_advisory_lock(1)"))
    with conn.begin():
        assert conn.scalar(text("SHOW lock_timeout")) == "7s"
        assert conn.scalar(text(ADVISORY_LOCKS)) == 1


async def test_without_the_direct_address_the_start_says_what_is_missing(postgres_url: str, folder: Path) -> None:
    async with pooler(postgres_url, folder, 2) as pooled:
        with pytest.raises(ConfigError) as refused:
            await Database(pooled).start()
    assert refused.value.field == "BELLWIRE_DATABASE_DIRECT_URL"
