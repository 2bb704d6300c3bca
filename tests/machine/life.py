"""One life of a worker: it can end by ``stop``, or at any moment and after any write, as ``kill -9`` would end it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, event

from bellwire.delivery.sender import Sender
from bellwire.delivery.tuning import Tuning
from bellwire.delivery.worker import Worker
from bellwire.errors import StoreUnavailable
from bellwire.store.database import Database
from bellwire.store.postgresql import PostgresqlBackend
from bellwire.store.sqlite import SqliteBackend
from tests.machine.clockwork import clockwork

T = TypeVar("T")
ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

LIVING: Final[ContextVar[Life | None]] = ContextVar("living", default=None)


@dataclass(eq=False)
class Fuse:
    """A life ends after so many more writes; whether the last of them is still committed."""

    writes: int
    committed: bool


@dataclass(eq=False)
class Silence:
    """After so many more writes of a life, ``lost`` of them get no answer; whether they are committed all the same."""

    writes: int
    lost: int
    committed: bool


class WatchedDatabase(Database):
    """What a life writes burns its fuse, or gets no answer; what others do over the same connections does not.

    A bell is heard by the ``neighbours`` on PostgreSQL alone, as in reality, but at once, so that the order of events
    does not depend on the real time that a notification takes.
    """

    def __init__(self, url: str, neighbours: list[WatchedDatabase]) -> None:
        super().__init__(url)
        _hurry(self._backend)
        self._neighbours = neighbours
        neighbours.append(self)

    def batched(self, op: Callable[[Connection, list[ItemT]], list[ResultT]]) -> Callable[[ItemT], Awaitable[ResultT]]:
        """As ever."""
        submit = super().batched(op)

        async def one(item: ItemT) -> ResultT:
            return await submit(item)

        return lambda item: clockwork().really(one(item))

    async def close(self) -> None:
        """As ever."""
        self._neighbours.remove(self)
        await super().close()

    def _heard(self, voice: str) -> None:
        """Heard already."""

    def _ring(self) -> None:
        for each in self._neighbours if self.dialect == "postgresql" else [self]:
            Database._ring(each)

    async def read(self, op: Callable[[Connection], T]) -> T:
        """As ever."""
        _only_the_living()
        return await clockwork().really(super().read(op))

    async def write(self, op: Callable[[Connection], T]) -> T:
        """As ever, unless the fuse has burnt down, or the answer is lost."""
        _only_the_living()
        life = LIVING.get()
        if life is not None and life.unanswered():
            if life.silence is not None and life.silence.committed:
                await clockwork().really(super().write(op))
            raise StoreUnavailable("The connection was lost during the commit.")
        last = life is not None and life.burn()
        if life is None or not last:
            return await clockwork().really(super().write(op))
        if life.fuse is not None and life.fuse.committed:
            await clockwork().really(super().write(op))
        life.end()
        raise asyncio.CancelledError


_FIRST: Final[dict[tuple[str, str], Engine]] = {}


def _hurry(backend: SqliteBackend | PostgresqlBackend) -> None:
    """Spare what hundreds of lives would wait for most.

    They have the same statements, which are put into words once; and SQLite does not wait for the disk, since what a
    process has committed survives its end all the same: only a power cut could take it.
    """
    for name, engine in (("writing", backend._writing), ("reading", backend._reading)):
        own = engine if isinstance(engine, Engine) else engine.sync_engine
        first = _FIRST.setdefault((backend.dialect, name), own)
        own.dialect, own._compiled_cache = first.dialect, first._compiled_cache
    if isinstance(backend, SqliteBackend):
        event.listen(backend._writing, "connect", _not_wait_for_the_disk)


def _not_wait_for_the_disk(connection: sqlite3.Connection, record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF").close()


def _only_the_living() -> None:
    life = LIVING.get()
    if life is not None and life.dead:
        raise asyncio.CancelledError


@dataclass(eq=False, repr=False)
class Life:
    """A worker with a database connection of its own, as if in a process of its own."""

    database: WatchedDatabase
    worker: Worker
    fuse: Fuse | None = None
    silence: Silence | None = None
    dead: bool = False
    tasks: dict[asyncio.Task[Any], None] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<life of {self.worker.id}>"

    @classmethod
    async def begin(
        cls, database: WatchedDatabase, sender: Sender, tuning: Tuning, seed: int, fuse: Fuse | None
    ) -> Life:
        """A new life; it may end before it has really begun."""
        loop = clockwork()
        await loop.really(database.start())
        worker = Worker(
            database, {"alerts": sender}, clock=loop.now, ticks=loop.time, random=Random(seed), tuning=tuning
        )
        life = cls(database, worker, fuse)
        await life._unless_it_ends(worker.start())
        return life

    def burn(self) -> bool:
        """One more write; whether it is the last one of this life."""
        if self.fuse is not None:
            self.fuse.writes -= 1
        return self.fuse is not None and self.fuse.writes < 0

    def unanswered(self) -> bool:
        """One more write; whether its answer is lost."""
        silence = self.silence
        if silence is None:
            return False
        silence.writes -= 1
        if silence.writes + silence.lost < 0:
            self.silence = None
        return silence.writes < 0 and self.silence is not None

    def end(self) -> None:
        """From now on this life does nothing more."""
        self.dead = True
        for task in list(self.tasks):
            task.cancel()

    async def stop(self) -> None:
        """The worker is told to stop."""
        await self._unless_it_ends(self.worker.stop())
        self.end()

    async def bury(self) -> None:
        """Free what a dead process's end frees."""
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await clockwork().really(self.database.close())

    async def _unless_it_ends(self, work: Coroutine[Any, Any, None]) -> None:
        token = LIVING.set(self)
        task = asyncio.get_running_loop().create_task(work)
        LIVING.reset(token)
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()


def adopt(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Task[Any]:
    """The task factory that lets every life know its tasks."""
    task: asyncio.Task[Any] = asyncio.Task(coro, loop=loop, **options)
    context = options.get("context")
    life = LIVING.get() if context is None else context.get(LIVING)
    if life is not None:
        life.tasks[task] = None
        task.add_done_callback(lambda done: life.tasks.pop(done, None))
    return task
