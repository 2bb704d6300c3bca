"""How a worker works."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil

from bellwire.model.pacing import CONVERSATION_WINDOWS, Window
from bellwire.model.retry import RetryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """``seats`` requests in flight at most, ``per_second`` of them started in each lane; times in seconds.

    Without a heartbeat for ``missed_beats`` times ``heartbeat`` a worker counts as dead. ``poll`` is how often the
    queue is looked at without being woken: a net under the bells, no more. A worker that is to stop gives what is in
    flight ``patience`` seconds to finish.
    """

    seats: int = 256
    per_second: int = 50
    windows: tuple[Window, ...] = CONVERSATION_WINDOWS
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    heartbeat: float = 5.0
    missed_beats: int = 4
    poll: float = 5.0
    patience: float = 60.0

    @property
    def urgent_seats(self) -> int:
        """Seats that only urgent requests may take."""
        return max(self.seats // 16, 1) if self.seats > 1 else 0

    @property
    def at_hand(self) -> int:
        """How many deliveries of one priority a lane has at hand at most: those of the next 200 ms."""
        return max(min(ceil(self.per_second * 0.2), self.seats), 1)
