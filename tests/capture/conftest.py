"""Capture over a real store, of either kind."""

from __future__ import annotations

import pytest

from bellwire.store.database import Database
from tests.capture.keeping import Keeping


@pytest.fixture
def keeping(database: Database) -> Keeping:
    """Takes activities in for the sender ``alerts``, and looks at what is kept."""
    return Keeping(database)
