"""What a flow has told of one person's chat with the Copilot Studio agent.

Nobody tells Bellwire when an agent is installed: no activity of such a chat comes here. So a person is taken to be
reachable until the flow answers that they do not have the agent, and that answer is believed for an hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bellwire.model.reach import Obstacle, Reachable, Way
from bellwire.model.reason import Reason
from bellwire.model.recipient import Person

ABSENCE_HOLDS: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChat:
    """When the flow last delivered to the person, and when it last said that they do not have the agent."""

    person: Person
    delivered_at: datetime | None = None
    absent_at: datetime | None = None

    def absent(self, now: datetime) -> bool:
        """Whether it is believed at ``now`` that the person does not have the agent."""
        told, disproved = self.absent_at, self.delivered_at
        return told is not None and (disproved is None or disproved < told) and now < told + ABSENCE_HOLDS


def flow_reach(chat: AgentChat | None, now: datetime) -> Reachable | Obstacle:
    """Whether a flow reaches a person of whom it has told ``chat`` so far, or nothing."""
    return Obstacle(Reason.AGENT_NOT_INSTALLED) if chat is not None and chat.absent(now) else Reachable(Way.FLOW)
