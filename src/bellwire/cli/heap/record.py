"""What a file is cut into."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Record:
    """One record, as it stood in its file; ``line`` counts from 1."""

    file: Path
    line: int
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Broken:
    """A place in a file that cannot be read, and why."""

    file: Path
    line: int
    detail: str
