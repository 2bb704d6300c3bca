"""Which errors of the drivers mean that the database does not answer, as opposed to: it says no."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bellwire.errors import StoreUnavailable

# Connection lost, out of resources, stopped by an operator, trouble of the system below, not (yet) writable; and what
# is said at the door: wrong credentials, no such database, one that takes no connections.
_POSTGRESQL_CLASSES: Final = ("08", "53", "57P", "58", "25006", "28", "3D000", "55000")
_POSTGRESQL_CONTENTION: Final = ("40001", "40P01")
_SQLITE_CODES: Final = frozenset(
    {"BUSY", "LOCKED", "FULL", "IOERR", "READONLY", "CANTOPEN", "CORRUPT", "NOTADB", "NOMEM", "PROTOCOL", "PERM"}
)

_IN_WORDS: Final = {
    "NOTADB": "The file is no SQLite database",
    "CORRUPT": "The SQLite file is damaged",
    "CANTOPEN": "The SQLite file cannot be opened",
    "FULL": "The disk is full",
    "READONLY": "The SQLite file may not be written to",
    "BUSY": "Another process keeps the SQLite file locked",
    "28P01": "PostgreSQL refuses the user or the password",
    "28000": "PostgreSQL refuses the user",
    "3D000": "PostgreSQL has no database of this name",
    "53300": "PostgreSQL takes no more connections",
}


def unavailable(error: BaseException) -> bool:
    """Whether the database did not answer, or could not do at all what was asked."""
    if isinstance(error, OSError | PoolTimeout | PendingRollbackError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or cause(error).startswith(_POSTGRESQL_CLASSES) or cause(error) in _SQLITE_CODES


def contended(error: BaseException) -> bool:
    """Whether PostgreSQL sacrificed this transaction for another one, so that doing it again will help."""
    return isinstance(error, DBAPIError) and cause(error) in _POSTGRESQL_CONTENTION


def cause(error: BaseException) -> str:
    """PostgreSQL's SQLSTATE or SQLite's primary error code (without its prefix); empty if there is none."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(origin, sqlite3.Error):
        return getattr(origin, "sqlite_errorname", "").removeprefix("SQLITE_").split("_")[0]
    return getattr(origin, "sqlstate", None) or ""


@contextmanager
def answering() -> Iterator[None]:
    """What the block raises because the database does not answer becomes ``StoreUnavailable``."""
    try:
        yield
    except Exception as error:
        if unavailable(error):
            raise store_unavailable(error) from error
        raise


def store_unavailable(error: BaseException) -> StoreUnavailable:
    """The error that callers see. It names the kind of failure only: addresses and parameters stay out of it."""
    code = cause(error)
    if words := _IN_WORDS.get(code):
        return StoreUnavailable(f"{words} ({code}).")
    origin = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return StoreUnavailable(f"{type(origin).__name__} {code}".strip() + ".")


def nobody_there(error: OSError, host: str, port: int) -> StoreUnavailable:
    """The error for whoever starts the program: no connection to a server came about."""
    if isinstance(error, socket.gaierror):
        return StoreUnavailable(f"There is no host named {host}, or its name cannot be looked up.")
    if type(error) is OSError or isinstance(error, ConnectionRefusedError | TimeoutError | FileNotFoundError):
        return StoreUnavailable(f"Nobody answers at {host}:{port}.")
    return StoreUnavailable(f"The connection to {host}:{port} fails: {type(error).__name__}.")
