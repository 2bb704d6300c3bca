"""One person's conversation inside a lane: its pace, and the work that stands in line behind a request under way."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import Final

from bellwire.delivery.work import Work
from bellwire.model.pacing import ConversationPace

LONGEST_LINE: Final = 8
PATIENCE: Final = 1.0
_STEP: Final = 0.15


@dataclass(slots=True, eq=False)
class Conversation:
    """Work waits here for a short time only; what would wait longer goes back to the queue with a later time."""

    pace: ConversationPace
    line: list[Work] = field(default_factory=list)
    watched: bool = False
    _last_turn: float = -inf

    def stand_in_line(self, work: Work, now: float) -> float | None:
        """Take ``work`` in, or else say after how many seconds it should come again."""
        opens = self.pace.opens_at()
        if len(self.line) < LONGEST_LINE and (opens == inf or opens <= now + PATIENCE):
            self.line.append(work)
            return None
        soonest = now + _STEP if opens == inf else opens
        self._last_turn = max(soonest, self._last_turn + max(self.pace.patience(), _STEP))
        return self._last_turn - now

    def next_in_line(self) -> Work | None:
        """The most urgent one that stood in line, of these the first."""
        if not self.line:
            return None
        return self.line.pop(min(range(len(self.line)), key=lambda place: self.line[place].priority))
