"""SQLite: one thread writes, a few read, each on connections of its own.

The file holds personal data, so nobody but its owner may read it. ``synchronous=FULL`` makes every commit survive a
power cut; group commit is what makes that affordable. Another process may open the same file: each waits for the
other's write lock for ``BUSY_SECONDS``.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import orjson
from sqlalchemy import URL, Connection, Engine, NullPool, QueuePool, create_engine, event

from bellwire.errors import ConfigError, StoreUnavailable

T = TypeVar("T")

BUSY_SECONDS: Final = 10
READERS: Final = 4
_STATEMENTS: Final = 512


class SqliteBackend:
    """The connections and threads of one SQLite file."""

    dialect: Literal["sqlite", "postgresql"] = "sqlite"
    seats = 1

    def __init__(self, url: URL) -> None:
        self._path = _path_of(url)
        plain = URL.create("sqlite+pysqlite", database=str(self._path))
        self._writing = _engine(plain, "BEGIN IMMEDIATE", poolclass=NullPool)
        self._reading = _engine(plain, "BEGIN", poolclass=QueuePool, pool_size=READERS)
        event.listen(self._reading, "connect", _only_reading)
        self._writer_thread = ThreadPoolExecutor(1, "bellwire-store-writer")
        self._reader_threads = ThreadPoolExecutor(READERS, "bellwire-store-reader")
        self._writer: Connection | None = None

    @property
    def place(self) -> str:
        """The file's whole path."""
        return str(self._path.resolve())

    @property
    def missing(self) -> bool:
        """Whether the file is not there yet."""
        return not self._path.exists()

    async def open(self, heard: Callable[[str], None]) -> None:  # noqa: ARG002 - nobody else is there to be heard
        """Open the file, and make it if it is not there."""
        loop = asyncio.get_running_loop()
        self._writer = await loop.run_in_executor(self._writer_thread, self._connect)

    async def close(self) -> None:
        """Close every connection and end the threads."""
        loop = asyncio.get_running_loop()
        if self._writer is not None:
            await loop.run_in_executor(self._writer_thread, self._writer.close)
        for threads in (self._writer_thread, self._reader_threads):
            await loop.run_in_executor(None, threads.shutdown)
        self._reading.dispose()

    async def directly(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` on the one connection that writes, in its thread."""
        return await self.on_writer(0, work)

    async def on_writer(self, seat: int, work: Callable[[Connection], T]) -> T:  # noqa: ARG002 - there is one seat
        """Run ``work`` on the one connection that writes, in its thread."""
        if self._writer is None:
            raise StoreUnavailable("The store is not open.")
        return await asyncio.get_running_loop().run_in_executor(self._writer_thread, work, self._writer)

    async def read(self, op: Callable[[Connection], T]) -> T:
        """Run ``op`` on a connection that cannot write; it sees one state of what is committed."""
        return await asyncio.get_running_loop().run_in_executor(self._reader_threads, self._read, op)

    def _read(self, op: Callable[[Connection], T]) -> T:
        with self._reading.connect() as conn:
            return op(conn)

    def _connect(self) -> Connection:
        _make_private(self._path)
        return self._writing.connect()


def _path_of(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        raise ConfigError(
            "SQLite needs a file.",
            field="BELLWIRE_DATABASE_URL",
            remedy="Name a file, as in sqlite+aiosqlite:///bellwire.db.",
        )
    return Path(url.database)


def _make_private(path: Path) -> None:
    """SQLite gives its side files the permissions of this one."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise ConfigError(
            f"The file cannot be opened: {error.strerror}.",
            field="BELLWIRE_DATABASE_URL",
            remedy="Name a file in a folder that exists and that the service may write to.",
        ) from None


def _engine(url: URL, begin: str, **options: Any) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False, "cached_statements": _STATEMENTS},
        hide_parameters=True,
        json_serializer=_to_json,
        json_deserializer=orjson.loads,
        **options,
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", lambda conn: conn.exec_driver_sql(begin))
    return engine


def _to_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _prepare(connection: sqlite3.Connection, record: object) -> None:  # noqa: ARG001 - the signature is SQLAlchemy's
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32000", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}").close()


def _only_reading(connection: sqlite3.Connection, record: object) -> None:  # noqa: ARG001 - as above
    connection.execute("PRAGMA query_only=ON").close()
