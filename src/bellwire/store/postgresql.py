"""PostgreSQL: a few connections that write, a pool for reading, and one that listens for bells."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Literal, TypeVar

import asyncpg
import orjson
from sqlalchemy import URL, Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bellwire.store.wakeup import CHANNEL

T = TypeVar("T")

SEATS: Final = 4
READERS: Final = 4
CONNECT_SECONDS: Final = 10
_STATEMENTS: Final = 512
_SIGN_OF_LIFE_SECONDS: Final = 30
_LONGEST_PAUSE: Final = 5.0


class PostgresqlBackend:
    """The connections to one PostgreSQL database. A lost connection is replaced at its next use."""

    dialect: Literal["sqlite", "postgresql"] = "postgresql"
    seats = SEATS

    def __init__(self, url: URL) -> None:
        self._url = url.set(drivername="postgresql+asyncpg")
        self._writing = _engine(self._url, pool_size=SEATS, max_overflow=0)
        self._reading = _engine(self._url, pool_size=READERS, max_overflow=0, isolation_level="REPEATABLE READ")
        self._writers: list[AsyncConnection] = []

    async def open(self) -> None:
        """Connect the writers."""
        self._writers = [await self._writing.connect() for _ in range(SEATS)]

    async def close(self) -> None:
        """Close every connection."""
        for writer in self._writers:
            await writer.close()
        await self._writing.dispose()
        await self._reading.dispose()

    async def on_writer(self, seat: int, work: Callable[[Connection], T]) -> T:
        """Run ``work`` on this seat's connection."""
        return await self._writers[seat].run_sync(work)

    async def read(self, op: Callable[[Connection], T]) -> T:
        """Run ``op`` in a transaction that sees one state of what is committed and cannot write."""
        async with self._reading.connect() as conn:
            await conn.execution_options(postgresql_readonly=True)
            return await conn.run_sync(op)

    async def listen(self, heard: Callable[[str], None]) -> None:
        """Call ``heard`` with every voice on the channel, and with '' when some may have been missed; for ever."""
        pause = 0.1
        while True:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                connection = await self._connect()
                pause = 0.1
                try:
                    await self._hear(connection, heard)
                finally:
                    connection.terminate()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _connect(self) -> asyncpg.Connection:
        _, arguments = self._writing.dialect.create_connect_args(self._url)
        return await asyncpg.connect(**arguments, timeout=CONNECT_SECONDS)

    async def _hear(self, connection: asyncpg.Connection, heard: Callable[[str], None]) -> None:
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        await connection.add_listener(CHANNEL, lambda *event: heard(event[3]))
        heard("")
        while not ended.is_set():
            try:
                await asyncio.wait_for(ended.wait(), _SIGN_OF_LIFE_SECONDS)
            except TimeoutError:
                await connection.execute("SELECT 1", timeout=CONNECT_SECONDS)


def _engine(url: URL, **options: Any) -> AsyncEngine:
    return create_async_engine(
        url,
        connect_args={
            "timeout": CONNECT_SECONDS,
            "prepared_statement_cache_size": _STATEMENTS,
            "server_settings": {"application_name": "bellwire", "jit": "off"},
        },
        hide_parameters=True,
        json_serializer=_to_json,
        json_deserializer=orjson.loads,
        **options,
    )


def _to_json(value: Any) -> str:
    return orjson.dumps(value).decode()
