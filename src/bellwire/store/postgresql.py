"""PostgreSQL: a few connections that write, a pool for reading, and one that listens for bells.

A transaction pooler (PgBouncer) may stand in between for all of them but the last: who listens has to keep one
connection to the server itself. So has whoever changes the tables, under a lock and with settings of a session. Nothing
else here outlasts a transaction: no prepared statement, no session's setting, no lock. What each connection asks of the
server (``_SESSION``) a pooler does not pass on; ``docs/operations.md`` says where it is set then.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, Literal, TypeVar

import asyncpg
import orjson
from sqlalchemy import URL, Connection, NullPool, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bellwire.errors import ConfigError, StoreUnavailable
from bellwire.store.failures import cause, nobody_there, unavailable
from bellwire.store.wakeup import CHANNEL

T = TypeVar("T")

SEATS: Final = 2  # a second one goes on while the first is at a long operation; more only make the groups smaller
READERS: Final = 4
CONNECT_SECONDS: Final = 10
_STATEMENTS: Final = 512
_PORT: Final = 5432
_REFUSED_AT_THE_DOOR: Final = "08P01"

# A host that is gone without a word must not hold a lock for long, nor may a process that stands still amid a
# transaction: others wait for both. The server looks after its end of the connection, and we after ours.
_SESSION: Final = {
    "jit": "off",
    "idle_in_transaction_session_timeout": "3s",
    "tcp_keepalives_idle": "4",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10s",
}
_KEEP_ALIVE: Final = {"TCP_KEEPIDLE": 4, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 10_000}
_SIGN_OF_LIFE_SECONDS: Final = 30
_SHORTEST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0


class PostgresqlBackend:
    """The connections to one PostgreSQL database. A lost connection is replaced at its next use."""

    dialect: Literal["sqlite", "postgresql"] = "postgresql"
    seats = SEATS
    missing = False  # a server never is: there is a way to ask, or it does not answer

    def __init__(self, url: URL, direct_url: URL | None = None) -> None:
        pooled = direct_url is not None
        self._writing = _engine(url, pooled, pool_size=SEATS, max_overflow=0)
        self._reading = _engine(url, pooled, pool_size=READERS, max_overflow=0, isolation_level="REPEATABLE READ")
        self._url = url
        self._direct_url = _driven(direct_url or url)
        self._direct = _engine(self._direct_url, False, poolclass=NullPool)
        self.place = f"{url.database} at {url.host}:{url.port or 5432}" if url.host else str(url.database)
        self._writers: list[AsyncConnection] = []
        self._listener: asyncio.Task[None] | None = None

    async def open(self, heard: Callable[[str], None]) -> None:
        """Connect the writers, and listen: ``heard`` is called with every voice on the channel.

        It is called with '' after a connection was lost, since some may have been missed meanwhile.
        """
        try:
            with _server_named(self._url):
                for _ in range(SEATS):
                    self._writers.append(await self._writing.connect())
        except Exception as error:
            if cause(error) == _REFUSED_AT_THE_DOOR:
                raise _a_pooler() from error
            raise
        with _server_named(self._direct_url):
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
        await self._direct.dispose()

    async def directly(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` on a connection of its own to the server itself: what it sets and locks ends with it."""
        async with self._direct.connect() as conn:
            return await conn.run_sync(work)

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
        _, arguments = self._writing.dialect.create_connect_args(self._direct_url)
        ear = await asyncpg.connect(**arguments, timeout=CONNECT_SECONDS)
        try:
            _keep_alive(ear)
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


@contextmanager
def _server_named(url: URL) -> Iterator[None]:
    """Name the server if no connection to it comes about; not if its name may be the rest of a password."""
    host = url.host or url.query.get("host")
    try:
        yield
    except OSError as error:
        if "@" in f"{host}{url.database}{url.query}":
            raise StoreUnavailable("Nobody answers at that address. In a password, @ is written as %40.") from error
        if not isinstance(host, str):
            raise
        raise nobody_there(error, host, url.port or _PORT) from error


def _driven(url: URL) -> URL:
    return url.set(drivername="postgresql+asyncpg")


def _engine(url: URL, pooled: bool, **options: Any) -> AsyncEngine:
    engine = create_async_engine(
        _driven(url),
        connect_args={
            "timeout": CONNECT_SECONDS,
            "server_settings": {"application_name": "bellwire", **({} if pooled else _SESSION)},
            **(_NOTHING_KEPT if pooled else {"prepared_statement_cache_size": _STATEMENTS}),
        },
        hide_parameters=True,
        json_serializer=_to_json,
        json_deserializer=orjson.loads,
        **options,
    )
    event.listen(engine.sync_engine, "connect", lambda connection, _: _keep_alive(connection.driver_connection))
    return engine


# The next transaction may run on another of the pooler's connections: without a name, a statement is prepared anew.
_NOTHING_KEPT: Final[dict[str, Any]] = {
    "statement_cache_size": 0,
    "prepared_statement_cache_size": 0,
    "prepared_statement_name_func": str,
}


def _keep_alive(connection: asyncpg.Connection) -> None:
    """Have the system find out within seconds that the other end is gone. The driver has no word for it."""
    sock = connection._transport.get_extra_info("socket")
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE.items():
        option = getattr(socket, name, None)
        if option is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)


def _a_pooler() -> ConfigError:
    return ConfigError(
        "Something between this process and PostgreSQL does not take its settings: a transaction pooler, it seems.",
        field="BELLWIRE_DATABASE_DIRECT_URL",
        remedy="Name PostgreSQL's own address there; docs/operations.md says why.",
    )


def _to_json(value: Any) -> str:
    return orjson.dumps(value).decode()
