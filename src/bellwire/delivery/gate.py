"""The gate of one sender: shut while the sender is halted, and opened a crack for one probe at a time."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from bellwire.delivery.work import Work
from bellwire.store.lanes import Halted


@dataclass(slots=True, eq=False)
class Gate:
    """Why a sender stands still, and who is out to try it again; ``probe_at`` is in monotonic seconds."""

    halted: Halted
    probe_at: float
    probe: Work | None = None

    def opens_at(self) -> float:
        """When one request may try the sender again; infinite while one is out."""
        return self.probe_at if self.probe is None else inf
