"""A store that was closed says so, in its own words, and bears being closed again."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from bellwire.errors import StoreUnavailable
from bellwire.store.database import Database


@pytest.fixture
async def closed(database_url: str) -> Database:
    opened = Database(database_url)
    await opened.start()
    await opened.read(lambda conn: conn.execute(text("SELECT 1")))
    await opened.close()
    return opened


async def test_closing_again_does_nothing(closed: Database) -> None:
    await closed.close()


async def test_reading_is_refused(closed: Database) -> None:
    with pytest.raises(StoreUnavailable, match="closed"):
        await closed.read(lambda conn: conn.execute(text("SELECT 1")))


async def test_writing_is_refused(closed: Database) -> None:
    with pytest.raises(StoreUnavailable, match="closed"):
        await closed.write(lambda conn: conn.execute(text("SELECT 1")))


async def test_closing_what_never_opened_does_nothing() -> None:
    unreachable = Database("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(StoreUnavailable):
        await unreachable.start()
    await unreachable.close()
