"""What the tests of the use cases share."""

from __future__ import annotations

import pytest

from bellwire.store.database import Database

from .people import Story


@pytest.fixture
def story(database: Database) -> Story:
    """An empty database of either kind, and a way to fill it."""
    return Story(database)
