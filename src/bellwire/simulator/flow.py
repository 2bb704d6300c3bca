"""One flow that posts as a Copilot Studio agent, and whose chats with the agent it finds."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from bellwire.simulator import naming
from bellwire.simulator.bot import Bot
from bellwire.simulator.chat import Json

AUDIENCE = "https://service.flow.microsoft.com/"
DIRECT = "powerautomate/automations/direct/workflows"
OLD = "workflows"


@dataclass(slots=True, eq=False)
class Flow:
    """A flow as its maker set it up, and the people who have its agent.

    ``signature`` is None where callers have to bring a token; then ``callers`` are the app ids that are let in (empty:
    every app of the tenant). ``responds``: it has a Response step. ``sends_amid_chat`` is the step's option for a
    person who is talking to the agent, ``fails_without_agent`` the one for a person who lacks it: a failed run instead
    of a status code. ``per_minute`` requests are taken in a minute.

    With a ``definition`` (the ``definition`` of a flow's file) it does what that says instead of what such a flow
    commonly does; ``variables`` are the environment's, by schema name; ``agent_name`` is the agent's own.
    """

    agent: Bot
    signature: str | None = field(default_factory=lambda: secrets.token_urlsafe(200))
    callers: set[str] = field(default_factory=set)
    id: str = field(default_factory=lambda: naming.guid().replace("-", ""))
    on: bool = True
    deleted: bool = False
    responds: bool = True
    tells_message_id: bool = True
    sends_amid_chat: bool = False
    fails_without_agent: bool = False
    old_address: bool = False
    per_minute: int = 300
    definition: Json | None = None
    variables: Json = field(default_factory=dict)
    agent_name: str = "cr637_pager"
    installed: set[str] = field(default_factory=set)
    chatting: set[str] = field(default_factory=set)

    def address(self, base_url: str) -> str:
        """Where to call it; with a signature in it, whoever has the address may."""
        place = f"{base_url}/{OLD if self.old_address else DIRECT}/{self.id}/triggers/manual/paths/invoke?api-version=1"
        return place if self.signature is None else f"{place}&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={self.signature}"
