"""Where an activity came from. Told from the RAW JSON, before any model can rewrite it (platform reference §2.5)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Surface(StrEnum):
    """The places from which a person can talk to one bot."""

    TEAMS_PERSONAL = "teams_personal"
    TEAMS_GROUP = "teams_group"
    TEAMS_CHANNEL = "teams_channel"
    COPILOT = "copilot"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Classification:
    """A surface and, in words, the fact that decided it."""

    surface: Surface
    reason: str
