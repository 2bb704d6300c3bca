"""How late the event loop is goes on being told, even if one telling fails."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bellwire.service import lag


async def test_a_telling_that_fails_is_logged_and_the_next_one_comes(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lag, "EVERY", 0.001)
    caplog.set_level(logging.ERROR)
    again, calls = asyncio.Event(), 0

    def told(_: float) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise RuntimeError("the first one fails")
        again.set()

    watching = asyncio.create_task(lag.watch_lag(told))
    try:
        async with asyncio.timeout(10):
            await again.wait()
    finally:
        watching.cancel()
    assert "lag_not_told" in caplog.text
