"""What to say, whoever reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """A text or an Adaptive Card. ``summary`` is what the toast shows; its content stays out of ``repr``.

    ``trace`` is the W3C ``traceparent`` of the request with which it came, if that was traced.
    """

    id: str
    text: str | None = field(default=None, repr=False)
    card: dict[str, Any] | None = field(default=None, repr=False)
    summary: str | None = field(default=None, repr=False)
    trace: str | None = None
