"""The published schemas that tests compare with, where this machine has them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson
import pytest


def folder() -> Path:
    """Where the published schemas lie."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "schemas"
    return Path(os.environ.get("BELLWIRE_SCHEMAS", beside))


def published(name: str) -> Any:
    """A schema; the test that asks is skipped where it is not there."""
    path = folder() / name
    if not path.exists():
        pytest.skip(f"no {name} in {folder()}; set BELLWIRE_SCHEMAS")
    return orjson.loads(path.read_bytes())
