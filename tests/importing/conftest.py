"""Fixtures of the tests of import and export."""

from __future__ import annotations

import pytest

from bellwire.store.database import Database
from tests.importing.heaps import Taking


@pytest.fixture
def taking(database: Database) -> Taking:
    """A service's importing and exporting over each kind of database."""
    return Taking(database)
