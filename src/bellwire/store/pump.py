"""The asynchronous half of group commit: what waits is taken up together, as soon as a connection is free.

Nothing waits for a time window. While one transaction is committed, the next one's operations gather by themselves,
so that a quiet service answers at once and a busy one commits in large groups.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

from bellwire.errors import StoreUnavailable
from bellwire.store.entries import Merged, Single
from bellwire.store.group_commit import refuse

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")
Waiting = Single[Any] | Merged[Any, Any]
Commit = Callable[[int, Sequence[Waiting]], Awaitable[None]]

MOST_OPERATIONS: Final = 512
MOST_ITEMS: Final = 4_096


class Pump:
    """Takes operations in, and commits them in groups over a few seats; each seat is one connection.

    A caller that awaits each of its writes sees them happen in its order. Operations of callers that do not wait for
    one another may be committed in any order when there are several seats.
    """

    def __init__(self, commit: Commit, seats: int) -> None:
        self._commit = commit
        self._seats = seats
        self._waiting: deque[Waiting] = deque()
        self._open: dict[object, Merged[Any, Any]] = {}
        self._something = asyncio.Event()
        self._stopping = False
        self._workers: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to commit."""
        self._workers = [asyncio.create_task(self._work(seat)) for seat in range(self._seats)]

    async def stop(self) -> None:
        """Refuse what comes from now on, commit what waits already, and end."""
        self._stopping = True
        self._something.set()
        await asyncio.gather(*self._workers)

    def submit(self, op: Callable[[Connection], ResultT]) -> asyncio.Future[ResultT]:
        """Have one operation committed. Cancelling the future does not cancel the operation."""
        future = self._promise()
        self._waiting.append(Single(op, future))
        return future

    def merge(self, op: Callable[[Connection, list[ItemT]], list[ResultT]], item: ItemT) -> asyncio.Future[ResultT]:
        """Have ``op`` committed over this item and those that other callers add before its turn comes."""
        future = self._promise()
        merged = self._open.get(op)
        if merged is None or len(merged) >= MOST_ITEMS:
            merged = self._open[op] = Merged(op)
            self._waiting.append(merged)
        merged.add(item, future)
        return future

    def _promise(self) -> asyncio.Future[Any]:
        if self._stopping or not self._workers:
            raise StoreUnavailable("The store is closed.")
        self._something.set()
        return asyncio.get_running_loop().create_future()

    async def _work(self, seat: int) -> None:
        try:
            while True:
                await self._something.wait()
                group = self._take()
                if group:
                    await self._commit_and_settle(seat, group)
                elif self._stopping:
                    return
                else:
                    self._something.clear()
        except asyncio.CancelledError:
            self._refuse_all()
            raise

    def _refuse_all(self) -> None:
        """The event loop ends: nothing will be committed any more, and nobody may wait for it for ever."""
        self._stopping = True
        left, self._waiting = self._waiting, deque()
        refuse(left, StoreUnavailable("The store is closed."))
        for entry in left:
            entry.settle()

    def _take(self) -> list[Waiting]:
        group = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_OPERATIONS))]
        if not self._waiting:
            self._open.clear()
        elif self._open:
            left = set(map(id, self._waiting))
            self._open = {op: merged for op, merged in self._open.items() if id(merged) in left}
        return group

    async def _commit_and_settle(self, seat: int, group: list[Waiting]) -> None:
        try:
            await self._commit(seat, group)
        except asyncio.CancelledError as error:
            refuse(group, error)
            raise
        except Exception as error:
            refuse(group, error)
        finally:
            for entry in group:
                entry.settle()
