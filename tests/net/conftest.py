"""Production runs on uvloop, tests elsewhere on asyncio's own loop: the outbound client has to be right on both."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": request.param}
