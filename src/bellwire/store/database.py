"""The way to the database: every read and every write of the service goes through here.

Operations are plain functions of a ``sqlalchemy.Connection``, so that one piece of code serves both databases and
several can be combined into one transaction. They may be run more than once, and must have no effect outside the
database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from secrets import token_hex
from time import monotonic
from typing import Final, Literal, TypeVar
from weakref import WeakSet

import structlog
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import ArgumentError

from bellwire.errors import ConfigError, StoreUnavailable
from bellwire.store.failures import answering
from bellwire.store.group_commit import commit_together
from bellwire.store.postgresql import PostgresqlBackend
from bellwire.store.pump import Pump, Waiting
from bellwire.store.sqlite import SqliteBackend
from bellwire.store.wakeup import Bell

T = TypeVar("T")
ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

UPGRADE_PAUSE: Final = 0.5

log = structlog.get_logger(__name__)


class Database:
    """One database, of either kind. Use it on one event loop: ``start``, then reads and writes, then ``close``.

    ``direct_url`` is the server's own address, where ``url`` leads to a transaction pooler in front of it.

    Raises:
        ConfigError: the URL names neither a SQLite file nor a PostgreSQL database.
    """

    def __init__(self, url: str, direct_url: str | None = None) -> None:
        self._backend = _backend_of(url, direct_url)
        self._voice = token_hex(8)
        self._bells: WeakSet[Bell] = WeakSet()
        self._pump = Pump(self._commit, self._backend.seats)
        self._overhears: Callable[[int, float], None] | None = None
        self._closed = False

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """Which kind of database it is."""
        return self._backend.dialect

    @property
    def place(self) -> str:
        """Where it is, without user and password: the file's path, or the server and the database's name."""
        return self._backend.place

    @property
    def missing(self) -> bool:
        """Whether it is a SQLite file that is not there yet; to start makes it."""
        return self._backend.missing

    async def start(self) -> None:
        """Connect.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        try:
            with answering():
                await self._backend.open(self._heard)
        except BaseException:
            self._closed = True
            await self._backend.close()
            raise
        self._pump.start()

    async def close(self) -> None:
        """Commit what waits, refuse what comes later, and disconnect. To close again does nothing."""
        if self._closed:
            return
        self._closed = True
        await self._pump.stop()
        await self._backend.close()

    async def migrate(self) -> None:
        """Bring the tables up to date. Several processes may do so at once: one does, the others find it done.

        Tables that others work on meanwhile are changed between their transactions, however long that takes.

        Raises:
            ConfigError: a newer version of this program made the tables, and this one must not work on them.
            StoreUnavailable: the database does not answer.
        """
        from bellwire.store.migrations import upgrade  # takes half a second, which only a start has to spend

        while not await self.inspect(upgrade):
            log.info("upgrade_waits", remedy="Another process upgrades the tables, or a long transaction holds one.")
            await asyncio.sleep(UPGRADE_PAUSE)

    async def behind(self) -> bool:
        """Whether the tables are older than this program wants them, or not there yet.

        Raises:
            ConfigError: a newer version of this program made the tables, and this one must not work on them.
            StoreUnavailable: the database does not answer.
        """
        from bellwire.store.migrations import behind

        return await self.inspect(behind)

    async def inspect(self, look: Callable[[Connection], T]) -> T:
        """Run ``look`` outside any transaction, on PostgreSQL past a pooler: for who has to know the tables' shape.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        with answering():
            return await self._backend.directly(look)

    async def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            StoreUnavailable: there is none.
        """
        await self.read(lambda conn: conn.execute(text("SELECT 1")))

    async def read(self, op: Callable[[Connection], T]) -> T:
        """Run ``op`` in a transaction that sees one state of what is committed, and cannot write.

        Raises:
            StoreUnavailable: the database does not answer, or the store is closed.
        """
        if self._closed:
            raise StoreUnavailable("The store is closed.")
        with answering():
            return await self._backend.read(op)

    async def write(self, op: Callable[[Connection], T]) -> T:
        """Run ``op`` in a transaction, together with those of other callers; returns when it is committed.

        What ``op`` raises is raised here, and harms no other operation. A caller that is cancelled while it waits
        does not stop its operation.

        Raises:
            StoreUnavailable: the database does not answer, or the store is closed. If the connection was lost during
                the commit itself, the operation may have been committed all the same.
        """
        return await self._pump.submit(op)

    def batched(self, op: Callable[[Connection, list[ItemT]], list[ResultT]]) -> Callable[[ItemT], Awaitable[ResultT]]:
        """A way to write one item, where the items of callers at the same time are given to ``op`` as one list.

        ``op`` returns one result for each item, in their order. If it raises, every item is done again alone.
        """
        return partial(self._pump.merge, op)

    def overheard(self, committed: Callable[[int, float], None]) -> None:
        """Have ``committed`` told of every transaction: of how many writes, and in how many seconds."""
        self._overhears = committed

    def bell(self) -> Bell:
        """A bell that rings after every commit in which ``wakeup.ring`` was called."""
        bell = Bell()
        self._bells.add(bell)
        return bell

    async def _commit(self, seat: int, group: Sequence[Waiting]) -> None:
        began = monotonic()
        rings = await self._backend.on_writer(seat, partial(commit_together, entries=group, voice=self._voice))
        if self._overhears is not None:
            self._overhears(len(group), monotonic() - began)
        if rings:
            self._ring()

    def _heard(self, voice: str) -> None:
        if voice != self._voice:
            self._ring()

    def _ring(self) -> None:
        for bell in self._bells:
            bell.ring()


def _backend_of(url: str, direct_url: str | None) -> SqliteBackend | PostgresqlBackend:
    with suppress(ArgumentError, ValueError):
        parsed = make_url(url)
        kind = parsed.get_backend_name()
        if kind == "sqlite":
            return SqliteBackend(parsed)
        if kind in {"postgresql", "postgres"}:
            return PostgresqlBackend(parsed, None if direct_url is None else make_url(direct_url))
    raise ConfigError(
        "The database's address is not understood.",
        field="BELLWIRE_DATABASE_URL",
        remedy="Use sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER:PASSWORD@HOST/NAME.",
    )
