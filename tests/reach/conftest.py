"""A whole service at work, on a database of either kind, with a simulated Teams beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.service import Running, running


@pytest.fixture
async def at_work(database_url: str) -> AsyncIterator[Running]:
    async with running(database_url) as service:
        yield service
