"""The history of the tables, run by the program itself, while other processes go on working on them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import DBAPIError

from bellwire.errors import ConfigError
from bellwire.store.failures import cause
from bellwire.store.migrations.revisions import Revisions
from bellwire.store.tables import oldest_code

_LOCK: Final = 0x62656C6C
_LOCK_SECONDS: Final = 2
_LOCKED_TOO_LONG: Final = "55P03"


def upgrade(conn: Connection) -> bool:
    """Bring the tables up to date, outside any transaction; False if that has to be tried again in a moment.

    On PostgreSQL each migration is a transaction of its own. Nothing waits longer than ``_LOCK_SECONDS`` for a table's
    lock, behind which everybody else would queue: the migration is given up, and tried again. Only one process at a
    time is at it; the others are told to come again, because one that waited inside a transaction would hold up an
    index that is built concurrently.

    Raises:
        ConfigError: a newer version of this program made the tables, and this one must not work on them.
    """
    if conn.dialect.name == "sqlite":
        if behind(conn):
            with conn.begin():
                command.upgrade(configuration(conn), "head")
        return True
    if not behind(conn) and not _not_validated(conn):
        return True
    with conn.begin():
        if not conn.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCK}):
            return False
    try:
        return _upgraded(conn)
    finally:
        with conn.begin():
            conn.execute(text("RESET lock_timeout"))
            conn.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})


def _upgraded(conn: Connection) -> bool:
    with conn.begin():
        conn.execute(text(f"SET lock_timeout = '{_LOCK_SECONDS}s'"))
    try:
        if behind(conn):
            command.upgrade(configuration(conn), "head")
        if conn.in_transaction():
            conn.commit()
        _validate(conn)
    except DBAPIError as error:
        conn.rollback()
        if cause(error) == _LOCKED_TOO_LONG:
            return False
        raise
    return True


def _validate(conn: Connection) -> None:
    """Look whether the rows that were there keep to constraints that were added without looking; nobody has to wait."""
    for table, constraint in _not_validated(conn):
        with conn.begin():
            conn.execute(text(f'ALTER TABLE {table} VALIDATE CONSTRAINT "{constraint}"'))


def _not_validated(conn: Connection) -> list[tuple[str, str]]:
    """Whoever added them may have been stopped before it could look."""
    with conn.begin():
        return [(table, constraint) for table, constraint in conn.execute(text(_NOT_VALIDATED))]


def behind(conn: Connection) -> bool:
    """Whether the tables are older than this program wants them, or not there yet. Nothing is changed.

    Raises:
        ConfigError: a newer version of this program made the tables, and this one must not work on them.
    """
    found = revisions(conn)
    if not found.bearable:
        raise ConfigError(
            "The database's tables are newer than this program.",
            field="BELLWIRE_DATABASE_URL",
            remedy="Run the newer version again, or name another database.",
        )
    return found.behind


def revisions(conn: Connection) -> Revisions:
    """Which version of the tables there is. Nothing is changed."""
    with conn.begin():
        current = MigrationContext.configure(conn).get_current_revision()
        told = inspect(conn).has_table(oldest_code.name)
        oldest = conn.scalar(select(oldest_code.c.revision)) if told else None
    scripts = _scripts(conn)
    known = any(script.revision == current for script in scripts.walk_revisions())
    return Revisions(current, scripts.get_current_head(), known, oldest)


def not_there_yet() -> Revisions:
    """What ``revisions`` says of a database without any tables."""
    return Revisions(None, _scripts(None).get_current_head(), known=False)


def _scripts(conn: Connection | None) -> ScriptDirectory:
    return ScriptDirectory.from_config(configuration(conn))


def configuration(conn: Connection | None) -> Config:
    """Alembic's settings for this connection."""
    config = Config(attributes={"connection": conn})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


_NOT_VALIDATED: Final = """
    SELECT conrelid::regclass::text, conname FROM pg_constraint
    WHERE NOT convalidated AND contype = 'c' AND connamespace = current_schema()::regnamespace
"""
