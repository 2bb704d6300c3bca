"""Tests marked ``browser`` need a Chromium; where there is none they are left out, and the run says so at its end."""

from __future__ import annotations

import shutil
from typing import Final

import pytest

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LEFT_OUT: Final = "The browser tests are left out: there is no Chromium on this machine. Everything else ran."


def chromium() -> str | None:
    """Where Chromium is, if it is anywhere."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if chromium() is not None:
        return
    left_out = [item for item in items if item.get_closest_marker("browser")]
    items[:] = [item for item in items if item not in left_out]
    if left_out:
        config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if chromium() is None:
        terminalreporter.section("browser")
        terminalreporter.write_line(LEFT_OUT, yellow=True)
