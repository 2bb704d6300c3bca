"""Many operations, one transaction: the synchronous half, the same for both databases.

A commit costs a flush to the disk, so everything that waits is committed together. The promise to each operation is
that it fares as if it had run alone: if one raises, the transaction is rolled back and done again without it, and the
one that raised runs in a transaction of its own. Operations must therefore bear being run again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy import Connection

from bellwire.errors import StoreUnavailable
from bellwire.store import books
from bellwire.store.failures import contended, store_unavailable, unavailable
from bellwire.store.transaction import drop_closing, open_closing
from bellwire.store.wakeup import announce

_ROUNDS: Final = 3
_TRIES: Final = 4


class Entry(Protocol):
    """One operation that waits to be committed, with a place for what becomes of it."""

    def run(self, conn: Connection) -> None:
        """Do it, and keep the result."""

    def fail(self, error: BaseException) -> None:
        """Keep the error in the result's place."""

    def parts(self) -> Sequence[Entry]:
        """The same work in the smallest pieces that can stand alone."""


@dataclass(slots=True)
class _Failure:
    error: Exception
    culprit: Entry | None = None
    at_commit: bool = False

    @property
    def lost(self) -> bool:
        return unavailable(self.error)


def commit_together(conn: Connection, entries: Sequence[Entry], voice: str) -> bool:
    """Run and commit all entries; every entry has its result or its error afterwards. True if a bell is to ring.

    ``voice`` tells our own announcements from those of other processes.
    """
    group, alone, rang, reconnected = list(entries), list[Entry](), False, False
    for _ in range(_ROUNDS):
        outcome = _transact(conn, group, voice)
        if isinstance(outcome, bool):
            rang, group = outcome, []
            break
        if outcome.at_commit or (outcome.lost and reconnected):
            return _refuse([*group, *alone], outcome.error)
        if not outcome.lost and outcome.culprit is None:
            break
        if not outcome.lost and outcome.culprit is not None:
            group.remove(outcome.culprit)
            alone.append(outcome.culprit)
        reconnected = reconnected or outcome.lost
    pieces = [piece for entry in (*group, *alone) for piece in entry.parts()]
    return _one_by_one(conn, pieces, voice) or rang


def _one_by_one(conn: Connection, entries: Sequence[Entry], voice: str) -> bool:
    rang, lost = False, 0
    for position, entry in enumerate(entries):
        outcome = _alone(conn, entry, voice)
        if isinstance(outcome, bool):
            rang = rang or outcome
            continue
        entry.fail(store_unavailable(outcome.error) if outcome.at_commit or outcome.lost else outcome.error)
        lost += outcome.lost
        if lost > 1:
            _refuse(entries[position + 1 :], outcome.error)
            break
    return rang


def _alone(conn: Connection, entry: Entry, voice: str) -> bool | _Failure:
    for _ in range(_TRIES):
        outcome = _transact(conn, [entry], voice)
        if isinstance(outcome, bool) or not contended(outcome.error):
            break
    return outcome


def _transact(conn: Connection, entries: Sequence[Entry], voice: str) -> bool | _Failure:
    failure = _Failure(StoreUnavailable("nothing was run."))
    try:
        with conn.begin():
            end = open_closing(conn)
            for entry in entries:
                failure.culprit = entry
                entry.run(conn)
            failure.culprit = None
            books.write(conn, end.gains)
            if end.rings:
                announce(conn, voice)
            failure.at_commit = True
    except Exception as error:
        failure.error = error
        if conn.in_transaction():
            conn.rollback()
        return failure
    finally:
        drop_closing(conn)
    return end.rings


def _refuse(entries: Sequence[Entry], error: BaseException) -> bool:
    for entry in entries:
        entry.fail(store_unavailable(error))
    return False
