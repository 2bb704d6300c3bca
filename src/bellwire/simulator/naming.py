"""Ids in the shapes that Teams gives them."""

from __future__ import annotations

import re
import secrets
import uuid
from datetime import datetime

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
PERSONAL_CHAT_LENGTH = 130


def guid() -> str:
    return str(uuid.uuid4())


def user_id() -> str:
    """A 29: id."""
    return f"29:1{secrets.token_urlsafe(62)}"


def personal_chat_id(length: int = PERSONAL_CHAT_LENGTH) -> str:
    """``a:1...`` of exactly this many characters."""
    return f"a:1{secrets.token_urlsafe(length)}"[:length]


def thread_id(kind: str = "thread.v2") -> str:
    """``19:...@thread.v2`` for group and Copilot chats, ``@thread.tacv2`` for channels."""
    return f"19:{secrets.token_hex(16)}@{kind}"


def graph_chat_id(aad_object_id: str, app_id: str) -> str:
    """What Microsoft Graph calls the chat of a person with a bot (platform reference §7.4)."""
    return f"19:{app_id}_{aad_object_id}@unq.gbl.spaces"


def agent_chat_id(app_id: str, aad_object_id: str) -> str:
    """A person's Teams chat with a Copilot Studio agent."""
    return f"19:{app_id}_{aad_object_id}@agent"


def event_id() -> str:
    """The id of an activity that is no message."""
    return f"f:{uuid.uuid4()}"


class MessageIds:
    """Epoch milliseconds as text, as Teams counts messages; never the same twice."""

    def __init__(self) -> None:
        self._last = 0

    def next(self, now: datetime) -> str:
        self._last = max(self._last + 1, int(now.timestamp() * 1000))
        return str(self._last)
