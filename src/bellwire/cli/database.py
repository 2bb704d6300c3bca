"""``bellwire database``: the tables' version, and the step that brings them up to date before a rolling upgrade."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import typer

from bellwire.cli.exits import Exit
from bellwire.cli.options import AsJson
from bellwire.cli.terminal import remark, show_json

if TYPE_CHECKING:
    from bellwire.store.database import Database
    from bellwire.store.migrations.revisions import Revisions


def register(app: typer.Typer) -> None:
    """Hang ``database`` onto the command line."""
    group = typer.Typer(help="The tables in the database of the settings.", no_args_is_help=True)
    group.command("show")(show_version)
    group.command("upgrade")(upgrade)
    app.add_typer(group, name="database")


def show_version(as_json: AsJson = False) -> Exit:
    """Say which version the tables have, and whether this program can work on them. Ends with 1 if it cannot yet."""
    found = _with_database(_look)
    _tell(found, as_json=as_json)
    return Exit.OK if found.bearable and not found.behind else Exit.NOT_DONE


def upgrade(as_json: AsJson = False) -> None:
    """Bring the tables up to date. Services of the version before go on working meanwhile, and afterwards."""
    _tell(_with_database(_upgrade), as_json=as_json)


def _tell(found: Revisions, *, as_json: bool) -> None:
    if as_json:
        show_json({**found._asdict(), "behind": found.behind, "bearable": found.bearable})
        return
    if found.behind:
        fit = f"this program wants {found.newest}: run 'bellwire database upgrade'"
    elif found.known:
        fit = "what this program wants"
    else:
        fit = "newer than this program, which can " + ("work on them" if found.bearable else "NOT work on them")
    remark(f"The tables have version {found.current}, {fit}." if found.current else f"There are no tables: {fit}.")


async def _look(database: Database) -> Revisions:
    from bellwire.store.migrations import not_there_yet, revisions

    if database.missing:
        return not_there_yet()
    await database.start()
    return await database.inspect(revisions)


async def _upgrade(database: Database) -> Revisions:
    from bellwire.store.migrations import revisions

    await database.start()
    await database.migrate()
    return await database.inspect(revisions)


def _with_database(use: Callable[[Database], Awaitable[Revisions]]) -> Revisions:
    from bellwire.cli.serving import run_async
    from bellwire.config import load_settings
    from bellwire.logs import configure_logs

    settings = load_settings()
    configure_logs(settings.log_level)
    return run_async(lambda: _used(settings.direct_database_url, use))


async def _used(database_url: str, use: Callable[[Database], Awaitable[Revisions]]) -> Revisions:
    from bellwire.store.database import Database

    database = Database(database_url)
    try:
        return await use(database)
    finally:
        await database.close()
