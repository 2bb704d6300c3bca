"""Bells: how a transaction that made work wakes those who wait for work, without polling.

On PostgreSQL the bell is heard by every process that uses the database: one NOTIFY for each transaction, since NOTIFY
takes a lock of the whole cluster at commit. On SQLite it is heard inside this process.
"""

from __future__ import annotations

import asyncio
from typing import Final

from sqlalchemy import Connection, bindparam, func, select

from bellwire.store.transaction import closing

CHANNEL: Final = "bellwire"
_NOTIFY: Final = select(func.pg_notify(CHANNEL, bindparam("voice")))


def ring(conn: Connection) -> None:
    """Wake the listeners when, and only if, the transaction under way is committed."""
    end = closing(conn)
    if end is None:
        raise RuntimeError("a bell can be rung inside Database.write only")
    end.rings = True


def announce(conn: Connection, voice: str) -> None:
    """Tell the other processes with this transaction's commit. ``voice`` lets us know our own announcement."""
    if conn.dialect.name == "postgresql":
        conn.execute(_NOTIFY, {"voice": voice})


class Bell:
    """One listener's bell. It stays rung until it is heard, so that no ring is lost between two waits."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Ring; any number of rings before the next wait count as one."""
        self._rung.set()

    async def wait(self, timeout: float | None = None) -> bool:
        """Wait for a ring, at most ``timeout`` seconds; whether it rang. A ring since the last wait counts at once."""
        try:
            async with asyncio.timeout(timeout):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True
