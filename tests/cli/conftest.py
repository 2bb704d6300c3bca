"""What the command line's tests share: a way to run it as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def bellwire(tmp_path: Path) -> Run:
    """Runs ``bellwire ARGUMENTS`` in an empty directory, without any settings of this machine."""

    def run(
        *arguments: str, env: Mapping[str, str] | None = None, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("BELLWIRE_")}
        return subprocess.run(
            [sys.executable, "-m", "bellwire", *arguments],
            cwd=tmp_path,
            env={**clean, "NO_COLOR": "1", **(env or {})},
            input=stdin,
            stdin=None if stdin is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
