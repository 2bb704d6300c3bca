"""What to say, whoever reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """A text or an Adaptive Card. ``summary`` is what the toast shows; its content stays out of ``repr``."""

    id: str
    text: str | None = field(default=None, repr=False)
    card: dict[str, Any] | None = field(default=None, repr=False)
    summary: str | None = field(default=None, repr=False)
