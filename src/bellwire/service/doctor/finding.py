"""What an examination finds: a fact, how bad it is, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    FINE = "fine"
    UNTOLD = "untold"
    """It cannot be told from here, or not with what is known."""
    WARNING = "warning"
    """Messages go out, for the time being or for most."""
    STOPS = "stops"
    """Messages do not go out, or nobody can ask for them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """``check`` is what was looked at, ``subject`` of whom; ``remedy`` is there unless all is well."""

    check: str
    level: Level
    detail: str
    remedy: str | None = None
    subject: str | None = None


def fine(check: str, detail: str, *, subject: str | None = None) -> Finding:
    """All is well."""
    return Finding(check, Level.FINE, detail, subject=subject)


def untold(check: str, detail: str, remedy: str, *, subject: str | None = None) -> Finding:
    """It cannot be told; ``remedy`` says how it could."""
    return Finding(check, Level.UNTOLD, detail, remedy, subject)


def warning(check: str, detail: str, remedy: str, *, subject: str | None = None) -> Finding:
    """It works, and might soon not."""
    return Finding(check, Level.WARNING, detail, remedy, subject)


def stops(check: str, detail: str, remedy: str, *, subject: str | None = None) -> Finding:
    """It does not work."""
    return Finding(check, Level.STOPS, detail, remedy, subject)
