"""What Bellwire and a flow say to each other: the body of the request, and the body of the flow's Response step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from bellwire.model.posting import Posting

DELIVERED: Final = 200
NOT_INSTALLED: Final = 100
CHAT_ACTIVE: Final = 300
LONGEST_ID: Final = 2048


@dataclass(frozen=True, slots=True)
class Result:
    """What the flow's step reported: its status code, and the message's id where the flow passes it on.

    Without a code the flow has a Response step that does not say what became of the message.
    """

    code: int | None
    message_id: str | None = None


def request(posting: Posting) -> bytes:
    """The request. A card goes as text, which is how the flow's step wants it, with everything filled in already.

    Raises:
        ValueError: the posting has no message.
    """
    message = posting.message
    if message is None:
        raise ValueError("the posting has no message")
    person = posting.person
    said: dict[str, Any] = {"recipient": person.aad_object_id, "tenant_id": person.tenant_id}
    if message.card is None:
        said |= {"kind": "text", "text": message.text}
    else:
        said |= {"kind": "card", "card": orjson.dumps(message.card).decode()}
    summary = message.summary or (message.text if message.card is not None else None)
    if summary is not None:
        said["summary"] = summary
    return orjson.dumps(said)


def result(body: bytes | None) -> Result | None:
    """What the flow's Response step said; None if that broke off or is no JSON."""
    try:
        said = orjson.loads(body or b"") if body != b"" else {}
    except orjson.JSONDecodeError:
        return None
    if not isinstance(said, dict):
        return Result(None)
    return Result(_number(said.get("code")), _id(said.get("message_id")))


def run_of(headers: Mapping[str, str]) -> str:
    """The run in which the flow worked, to be found in its history; it stands for a message whose id was not told."""
    return f"run:{_id(headers.get('x-ms-workflow-run-id')) or 'unnamed'}"


def _number(value: object) -> int | None:
    """Flows like to make text of numbers."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 6:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value.isprintable() else None
