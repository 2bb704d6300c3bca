"""``bellwire serve --no-upgrade``: wait, not ready, until somebody has brought the tables up to date."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from bellwire.cli.terminal import remark

PAUSE: Final = 0.5
"""Seconds between two looks at the tables."""


async def tables_awaited(database_url: str, host: str, port: int, stop: asyncio.Event) -> None:
    """Return when this program can work on the tables, or when ``stop`` is set.

    Raises:
        ConfigError: a newer version made the tables, and this one must not work on them.
        StoreUnavailable: the database does not answer.
    """
    from bellwire.errors import TablesTooOld
    from bellwire.store.database import Database
    from bellwire.web.server import serving
    from bellwire.web.waiting import create_waiting_app

    database = Database(database_url)
    await database.start()
    try:
        if not await database.behind():
            return
        reason = TablesTooOld("The database's tables are older than this program.")
        async with serving(create_waiting_app(reason), host, port) as url:
            remark(f"{reason} Waiting at {url}/readyz.")
            while not stop.is_set() and await database.behind():
                with suppress(TimeoutError):
                    async with asyncio.timeout(PAUSE):
                        await stop.wait()
    finally:
        await database.close()
