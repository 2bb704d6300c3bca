"""What the tests of the engine share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bellwire.store.database import Database

from .engine import Engine


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[Engine]:
    """An engine on a database of either kind; its workers are stopped at the end."""
    engine = Engine(database)
    yield engine
    await engine.close()
