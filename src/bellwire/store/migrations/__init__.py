"""The history of the tables, run by the program itself."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from bellwire.errors import ConfigError

_LOCK: Final = 0x62656C6C


def upgrade(conn: Connection) -> None:
    """Bring the tables up to date, in one transaction that only one process at a time can hold.

    Raises:
        ConfigError: a newer version of this program made the tables.
    """
    with conn.begin():
        if conn.dialect.name == "postgresql":
            conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        try:
            command.upgrade(configuration(conn), "head")
        except CommandError as error:
            raise ConfigError(
                "The database's tables are newer than this program.",
                field="BELLWIRE_DATABASE_URL",
                remedy="Run the newer version again, or name another database.",
            ) from error


class Revisions(NamedTuple):
    """Where the tables are, None before the first, and where this program wants them; whether it knows the former."""

    current: str | None
    newest: str | None
    known: bool


def revisions(conn: Connection) -> Revisions:
    """Which version of the tables there is. Nothing is changed."""
    with conn.begin():
        current = MigrationContext.configure(conn).get_current_revision()
    scripts = ScriptDirectory.from_config(configuration(conn))
    known = any(script.revision == current for script in scripts.walk_revisions())
    return Revisions(current, scripts.get_current_head(), known)


def configuration(conn: Connection) -> Config:
    """Alembic's settings for this connection."""
    config = Config(attributes={"connection": conn})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config
