"""What goes over the wire: a message as an activity, and the request for a person's chat (platform reference §3, §11).

``channelData.productContext`` is never among it: that is what would carry a message into Copilot.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from bellwire.model.message import Message
from bellwire.model.recipient import Person

ADAPTIVE_CARD: Final = "application/vnd.microsoft.card.adaptive"


def activity(message: Message) -> bytes:
    """The activity that shows this message and rings for it.

    A message is a text or a card. Teams would split an activity with both in two and return no id for either
    (platform reference §3.1), so of a message with both it is the card that goes, and the text stands for its summary.
    """
    said: dict[str, Any] = {"type": "message", "channelData": {"notification": {"alert": True}}}
    if message.card is None:
        said |= {"text": message.text, "textFormat": "markdown"}
    else:
        said["attachments"] = [{"contentType": ADAPTIVE_CARD, "content": message.card}]
    summary = message.summary or (message.text if message.card is not None else None)
    if summary is not None:
        said["summary"] = summary
    return orjson.dumps(said)


def new_chat(app_id: str, person: Person, user_id: str | None = None) -> bytes:
    """The request for the one Teams chat of this person with this bot, which makes it if there is none yet.

    It names the person by ``user_id`` (29:...) or else by their Entra object id (platform reference §1.1).
    """
    tenant = {"id": person.tenant_id}
    return orjson.dumps(
        {
            "bot": {"id": f"28:{app_id}"},
            "isGroup": False,
            "members": [{"id": user_id or person.aad_object_id}],
            "tenantId": person.tenant_id,
            "channelData": {"tenant": tenant},
        }
    )
