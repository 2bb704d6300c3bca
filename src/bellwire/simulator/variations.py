"""The ways in which Copilot's activities have been seen to differ (platform reference §2.2, §2.3), as ready patches.

Each is a JSON merge patch for ``Actor.say(..., on="copilot", patch=...)``. All of them are Copilot's: none of them may
ever be taken for a Teams personal chat.
"""

from __future__ import annotations

from typing import Any, Final

_MARKED: Final = {"type": "ProductInfo", "id": "COPILOT"}

COPILOT: Final[dict[str, dict[str, Any]]] = {
    "marker in lower case": {"channelData": {"productContext": "copilot"}},
    "marker in mixed case": {"channelData": {"productContext": "Copilot"}},
    "marker only, no entity": {"entities": []},
    "entity only, no marker": {"channelData": {"productContext": None}, "entities": [_MARKED]},
    "entity's type in lower case": {
        "channelData": {"productContext": None},
        "entities": [{"type": "productinfo", "id": "copilot"}],
    },
    "sub-channel entity": {
        "channelData": {"productContext": None},
        "entities": [{"type": "clientInfo", "subChannelInfo": {"channelId": "COPILOT"}}],
    },
    "compound channel id": {
        "channelId": "msteams:COPILOT",
        "channelData": {"productContext": None},
        "entities": [],
    },
    "conversation said to be personal": {"conversation": {"conversationType": "personal", "isGroup": None}},
    "isGroup as text": {"conversation": {"isGroup": "True"}},
    "no conversation type": {"conversation": {"conversationType": None, "isGroup": None}},
}
