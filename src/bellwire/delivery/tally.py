"""What one worker counts of its own doing, for whoever asks; nothing in the engine depends on it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from bellwire.model.delivery import State
from bellwire.model.reason import Reason


class Ended(NamedTuple):
    """How a delivery of a sender ended."""

    sender: str
    state: State
    reason: Reason | None


@dataclass(slots=True)
class Tally:
    """Since the start: deliveries ended by this worker, and those that it rescued from dead ones."""

    ended: Counter[Ended] = field(default_factory=Counter)
    rescued: int = 0


class Standing(NamedTuple):
    """A lane that the worker owns, and which share of its pace is used at this moment."""

    sender: str
    tenant_id: str
    used: float
