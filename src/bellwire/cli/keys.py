"""``bellwire keys``: callers' API keys, directly in the database of the settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bellwire.cli.options import AsJson, examples
from bellwire.cli.service import plain
from bellwire.cli.terminal import remark, show, show_json

if TYPE_CHECKING:
    from bellwire.service.keys import Keys

T = TypeVar("T")


def register(app: typer.Typer) -> None:
    """Hang ``keys`` onto the command line."""
    group = typer.Typer(help="Callers' API keys, in the database of the settings.", no_args_is_help=True)
    group.command("add", epilog=examples('bellwire keys add "the build server"'))(add)
    group.command("list")(show_list)
    group.command("revoke")(revoke)
    app.add_typer(group, name="keys")


def add(name: Annotated[str, typer.Argument(metavar="NAME", help="Who will use it.")], as_json: AsJson = False) -> None:
    """Make a key. It is shown here once, and kept nowhere."""
    (key, secret), place = _with_keys(lambda keys: keys.add(name))
    if as_json:
        show_json({**plain(key), "key": secret})
        return
    show(secret)
    remark(f"This is the key of {name!r} ({key.id}). It is not shown again: only its hash is kept, in {place}.")


def show_list(as_json: AsJson = False) -> None:
    """List the keys that were made, the revoked ones too. Keys of BELLWIRE_API_KEYS are not among them."""
    found, place = _with_keys(lambda keys: keys.every())
    if as_json:
        show_json(plain(found))
    elif found:
        from bellwire.cli.tables import key_table

        show(key_table(found))
    else:
        remark(f"No keys in {place}. Make one with 'bellwire keys add NAME'.")


def revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID", help="As 'bellwire keys list' shows it.")],
    as_json: AsJson = False,
) -> None:
    """Refuse a key from now on; running services follow within seconds."""
    key, _ = _with_keys(lambda keys: keys.revoke(key_id))
    if as_json:
        show_json(plain(key))
    else:
        remark(f"The key of {key.name!r} ({key.id}) is revoked.")


def _with_keys(use: Callable[[Keys], Awaitable[T]]) -> tuple[T, str]:
    """What came of it, and in which database: a service with other settings knows nothing of it."""
    from bellwire.cli.serving import run_async
    from bellwire.config import load_settings
    from bellwire.logs import configure_logs

    settings = load_settings()
    configure_logs("error")
    return run_async(lambda: _used(settings.direct_database_url, use))


async def _used(database_url: str, use: Callable[[Keys], Awaitable[T]]) -> tuple[T, str]:
    from bellwire.service.keys import Keys
    from bellwire.store.database import Database

    database = Database(database_url)
    await database.start()
    try:
        await database.migrate()
        return await use(Keys(database, (), lambda: datetime.now(UTC))), database.place
    finally:
        await database.close()
