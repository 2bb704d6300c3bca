"""One request to the Bot Connector after its body is read: what is asked, by which bot, about whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bellwire.simulator.bot import Bot
from bellwire.simulator.call import Call


@dataclass(frozen=True, slots=True)
class Asked:
    """``payload`` is parsed JSON that nobody has checked yet; ``received`` is its size on the wire in bytes."""

    call: Call
    bot: Bot
    payload: Any
    received: int
    query: Mapping[str, str]

    @property
    def text(self) -> str | None:
        """The text of the message, if it has one."""
        text = self.payload.get("text") if isinstance(self.payload, dict) else None
        return text if isinstance(text, str) else None

    @property
    def is_split(self) -> bool:
        """Whether Teams makes two messages of it: it has text and attachments (platform reference §3.1)."""
        payload = self.payload
        is_message = isinstance(payload, dict) and payload.get("type") == "message"
        return is_message and bool(payload.get("text") and payload.get("attachments"))

    @property
    def member_id(self) -> str | None:
        """Whom a create names."""
        members = self.payload.get("members") if isinstance(self.payload, dict) else None
        first = members[0] if isinstance(members, list) and members else None
        named = first.get("id") if isinstance(first, dict) else None
        return named if isinstance(named, str) else None
