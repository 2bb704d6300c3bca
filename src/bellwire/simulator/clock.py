"""The simulated Teams' own notion of now: real time, plus whatever it was made to jump by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class SimulatedClock:
    """Real time with an offset. Rate limits do not use it: they run on the machine's monotonic clock."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC) + self.offset

    def jump(self, seconds: float) -> None:
        """Moves now forward (or, with a negative number, back) at once."""
        self.offset += timedelta(seconds=seconds)

    def reset(self) -> None:
        self.offset = timedelta()
