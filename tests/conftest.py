"""What every test shares."""

from __future__ import annotations

import pytest

pytest_plugins = ["tests.support.databases", "tests.support.logwatch"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Bellwire runs on asyncio alone."""
    return "asyncio"
