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
from bellwire.store import books, outbox
from bellwire.store.failures import contended, store_unavailable, unavailable
from bellwire.store.transaction import drop_closing, open_closing
from bellwire.store.wakeup import announce

_ROUNDS: Final = 3
_TRIES: Final = 4


class Work(Protocol):
    """Something to do in a transaction."""

    def run(self, conn: Connection) -> None:
        """Do it, and keep the result."""


class Piece(Work, Protocol):
    """Work that cannot be divided, with a place for what becomes of it."""

    def fail(self, error: BaseException) -> None:
        """Keep the error in the result's place."""


class Entry(Work, Protocol):
    """One operation that waits to be committed."""

    def parts(self) -> Sequence[Piece]:
        """The same work in the smallest pieces that can stand alone."""


@dataclass(slots=True)
class _Failure:
    error: Exception
    culprit: int | None = None
    at_commit: bool = False

    @property
    def lost(self) -> bool:
        return unavailable(self.error)


def commit_together(conn: Connection, entries: Sequence[Entry], voice: str) -> bool:
    """Run and commit all entries; every entry has its result or its error afterwards. True if a bell is to ring.

    ``voice`` tells our own announcements from those of other processes.
    """
    group, alone, rang, lost = list(entries), list[Entry](), False, False
    for _ in range(_ROUNDS):
        outcome = _transact(conn, group, voice)
        if isinstance(outcome, bool):
            rang, group = outcome, []
            break
        if outcome.at_commit or (outcome.lost and not _answers(conn)):
            refuse([*group, *alone], outcome.error)
            return False
        if outcome.culprit is None or (outcome.lost and lost):
            break
        if outcome.lost:
            lost = True
        else:
            alone.append(group.pop(outcome.culprit))
    pieces = [piece for entry in (*group, *alone) for piece in entry.parts()]
    return _one_by_one(conn, pieces, voice) or rang


def refuse(entries: Sequence[Entry], error: BaseException) -> None:
    """Say of all of them that the database did not answer; each caller has an error of its own."""
    _refuse_pieces([piece for entry in entries for piece in entry.parts()], error)


def _one_by_one(conn: Connection, pieces: Sequence[Piece], voice: str) -> bool:
    rang = False
    for position, piece in enumerate(pieces):
        outcome = _alone(conn, piece, voice)
        if isinstance(outcome, bool):
            rang = rang or outcome
            continue
        piece.fail(store_unavailable(outcome.error) if outcome.at_commit or outcome.lost else outcome.error)
        if outcome.lost and not _answers(conn):
            _refuse_pieces(pieces[position + 1 :], outcome.error)
            break
    return rang


def _alone(conn: Connection, piece: Piece, voice: str) -> bool | _Failure:
    for _ in range(_TRIES):
        outcome = _transact(conn, [piece], voice)
        if isinstance(outcome, bool) or not contended(outcome.error):
            break
    return outcome


def _transact(conn: Connection, works: Sequence[Work], voice: str) -> bool | _Failure:
    failure = _Failure(StoreUnavailable("nothing was run."))
    try:
        with conn.begin():
            end = open_closing(conn)
            for position, work in enumerate(works):
                failure.culprit = position
                work.run(conn)
            failure.culprit = None
            books.write(conn, end.gains)
            outbox.write(conn, end.ended)
            if end.rings:
                announce(conn, voice)
            failure.at_commit = True
    except Exception as error:
        failure.error = error
        _clear(conn)
        return failure
    finally:
        drop_closing(conn)
    return end.rings


def _answers(conn: Connection) -> bool:
    """Whether the database can be talked to, over a new connection if need be."""
    try:
        with conn.begin():
            conn.exec_driver_sql("SELECT 1")
    except Exception:
        _clear(conn)
        return False
    return True


def _clear(conn: Connection) -> None:
    """Make the connection fit for the next transaction, even if it takes a new one below it."""
    try:
        if conn.in_transaction():
            conn.rollback()
    except Exception:
        conn.invalidate()


def _refuse_pieces(pieces: Sequence[Piece], error: BaseException) -> None:
    for piece in pieces:
        piece.fail(store_unavailable(error))
