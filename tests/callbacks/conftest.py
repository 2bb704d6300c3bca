"""What the tests of callbacks share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bellwire.store.database import Database
from tests.callbacks.receivers import Office, Receiver, receiving


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as opened:
        yield opened
