"""A service to talk to from Python."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.service import Running, running


@pytest.fixture
async def service(sqlite_url: str) -> AsyncIterator[Running]:
    async with running(sqlite_url, work=False) as service:
        yield service
