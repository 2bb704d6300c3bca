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

from bellwire.store.failures import unavailable
from bellwire.store.wakeup import CHANNEL

T = TypeVar("T")

SEATS: Final = 2  # a second one goes on while the first is at a long operation; more only make the groups smaller
READERS: Final = 4
CONNECT_SECONDS: Final = 10
_STATEMENTS: Final = 512
_SIGN_OF_LIFE_SECONDS: Final = 30
_SHORTEST_PAUSE: Final = 0.1
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
        self._listener: asyncio.Task[None] | None = None

    async def open(self, heard: Callable[[str], None]) -> None:
        """Connect the writers, and listen: ``heard`` is called with every voice on the channel.

        It is called with '' after a connection was lost, since some may have been missed meanwhile.
        """
        for _ in range(SEATS):
            self._writers.append(await self._writing.connect())
        ear = await self._listen(heard)
        self._listener = asyncio.create_task(self._keep_listening(ear, heard))

    async def close(self) -> None:
        """Close every connection."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        for writer in self._writers:
            await writer.close()
        await self._writing.dispose()
        await self._reading.dispose()

    async def on_writer(self, seat: int, work: Callable[[Connection], T]) -> T:
        """Run ``work`` on this seat's connection."""
        return await self._writers[seat].run_sync(work)

    async def read(self, op: Callable[[Connection], T]) -> T:
        """Run ``op`` in a transaction that sees one state of what is committed and cannot write.

        A connection may have been lost while it lay idle; reading again on a new one does no harm.
        """
        try:
            return await self._read(op)
        except Exception as error:
            if not unavailable(error):
                raise
        return await self._read(op)

    async def _read(self, op: Callable[[Connection], T]) -> T:
        async with self._reading.connect() as conn:
            await conn.execution_options(postgresql_readonly=True)
            return await conn.run_sync(op)

    async def _keep_listening(self, ear: asyncpg.Connection, heard: Callable[[str], None]) -> None:
        pause = _SHORTEST_PAUSE
        while True:
            await _until_lost(ear)
            while ear.is_closed():
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                    ear = await self._listen(heard)
                    pause = _SHORTEST_PAUSE
                    heard("")

    async def _listen(self, heard: Callable[[str], None]) -> asyncpg.Connection:
        _, arguments = self._writing.dialect.create_connect_args(self._url)
        ear = await asyncpg.connect(**arguments, timeout=CONNECT_SECONDS)
        try:
            await ear.add_listener(CHANNEL, lambda *event: heard(event[3]))
        except BaseException:
            ear.terminate()
            raise
        return ear


async def _until_lost(ear: asyncpg.Connection) -> None:
    """Ask for a sign of life now and then: a connection can be dead without a word."""
    lost = asyncio.Event()
    ear.add_termination_listener(lambda _: lost.set())
    try:
        while not (lost.is_set() or ear.is_closed()):
            with suppress(TimeoutError):
                await asyncio.wait_for(lost.wait(), _SIGN_OF_LIFE_SECONDS)
            await ear.execute("SELECT 1", timeout=CONNECT_SECONDS)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        pass
    finally:
        ear.terminate()


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
