"""Rows to test with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

NOW: Final = datetime(2026, 3, 2, 9, 30, 0, 123456, tzinfo=UTC)
