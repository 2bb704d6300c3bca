"""How a worker works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil

from bellwire.model.pacing import CONVERSATION_WINDOWS, Window
from bellwire.model.retry import RetryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """``seats`` requests in flight at most, ``per_second`` of them started in each lane, and of installs
    ``installs_per_second``; times in seconds.

    ``flows`` are the senders of kind ``flow``, each with the window that it is paced to instead.

    Without a heartbeat for ``missed_beats`` times ``heartbeat`` a worker counts as dead. What it asked less than
    ``longest_request`` ago may still be answered, if it lives after all. ``poll`` is how often the queue is looked at
    without being woken: a net under the bells, no more. A worker that is to stop gives what is in flight ``patience``
    seconds to finish. ``clock_error`` is by how much the clocks of two workers may differ.

    What ended longer ago than ``keep_for`` is forgotten; nothing is, if that is None.
    """

    seats: int = 256
    per_second: int = 50
    installs_per_second: int = 30
    flows: Mapping[str, Window] = field(default_factory=dict)
    windows: tuple[Window, ...] = CONVERSATION_WINDOWS
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    heartbeat: float = 1.0
    missed_beats: int = 3
    longest_request: float = 35.0
    poll: float = 5.0
    patience: float = 60.0
    clock_error: float = 0.0
    keep_for: timedelta | None = None

    @property
    def lapse(self) -> float:
        """The silence after which a worker counts as dead."""
        return self.heartbeat * self.missed_beats

    @property
    def lease(self) -> float:
        """The silence after which a worker writes nothing more: what is left of ``lapse`` is for the last request's way
        to Teams, and for what two clocks may differ."""
        return self.lapse * 5 / 6

    @property
    def urgent_seats(self) -> int:
        """Seats that only urgent requests may take."""
        return max(self.seats // 16, 1) if self.seats > 1 else 0

    @property
    def at_hand(self) -> int:
        """How many deliveries of one priority a lane has at hand at most: those of the next 400 ms."""
        return self._at_hand(self.per_second)

    def pace(self, sender: str) -> Window:
        """How many requests of this sender may start in a lane, in how many seconds."""
        return self.flows.get(sender) or Window(self.per_second, 1.0)

    def at_hand_of(self, sender: str) -> int:
        """As ``at_hand``, for a lane of this sender."""
        pace = self.pace(sender)
        return self._at_hand(pace.limit / pace.seconds)

    def _at_hand(self, per_second: float) -> int:
        return max(min(ceil(per_second * 0.4), self.seats), 1)
