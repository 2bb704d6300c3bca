"""What every test shares."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure: what a property says does not depend on how long an example took.
settings.register_profile("bellwire", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("bellwire")

pytest_plugins = ["tests.support.browser", "tests.support.databases", "tests.support.logwatch", "tests.support.traces"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Bellwire runs on asyncio alone."""
    return "asyncio"
