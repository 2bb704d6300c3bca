"""What waits for group commit: one caller's operation, or one operation over the items of many callers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from sqlalchemy import Connection

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


class Single(Generic[ResultT]):
    """One operation, with a place for its result or its error until the caller can be told."""

    __slots__ = ("_error", "_future", "_op", "_result")

    def __init__(self, op: Callable[[Connection], ResultT], future: asyncio.Future[ResultT]) -> None:
        self._op = op
        self._future = future
        self._result: ResultT
        self._error: BaseException | None = None

    def run(self, conn: Connection) -> None:
        """Do it, and keep the result."""
        self.keep(self._op(conn))

    def keep(self, result: ResultT) -> None:
        """Keep the result."""
        self._result = result
        self._error = None

    def fail(self, error: BaseException) -> None:
        """Keep the error in the result's place."""
        self._error = error

    def parts(self) -> Sequence[Single[ResultT]]:
        """It cannot be divided."""
        return (self,)

    def settle(self) -> None:
        """Tell the caller, unless it has gone away."""
        if self._future.done():
            return
        if self._error is None:
            self._future.set_result(self._result)
        else:
            self._future.set_exception(self._error)


class Merged(Generic[ItemT, ResultT]):
    """One operation over a list, to which every caller adds one item."""

    __slots__ = ("_items", "_op", "_pieces")

    def __init__(self, op: Callable[[Connection, list[ItemT]], list[ResultT]]) -> None:
        self._op = op
        self._items: list[ItemT] = []
        self._pieces: list[Single[ResultT]] = []

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item: ItemT, future: asyncio.Future[ResultT]) -> None:
        """Take one more item."""
        self._items.append(item)
        self._pieces.append(Single(lambda conn: self._results(conn, [item])[0], future))

    def run(self, conn: Connection) -> None:
        """Do all items in one go."""
        for piece, result in zip(self._pieces, self._results(conn, list(self._items)), strict=True):
            piece.keep(result)

    def parts(self) -> Sequence[Single[ResultT]]:
        """Each item by itself."""
        return self._pieces

    def settle(self) -> None:
        """Tell the callers."""
        for piece in self._pieces:
            piece.settle()

    def _results(self, conn: Connection, items: list[ItemT]) -> list[ResultT]:
        asked = len(items)
        results = self._op(conn, items)
        if len(results) != asked:
            raise RuntimeError(f"{self._op!r} returned {len(results)} results for {asked} items")
        return results
