"""What the relay answers itself, in the same form as Bellwire's own app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.types import Send

from bellwire.errors import BellwireError, Unavailable

JSON: Final = (b"content-type", b"application/json")
PROBLEM: Final = (b"content-type", b"application/problem+json")
RETRY: Final = (b"retry-after", b"1")


class BotUnreachable(BellwireError):
    """The bot behind the relay took no request, or gave no whole answer."""

    code = "bot_unreachable"
    status = 502
    title = "The bot behind Bellwire cannot be reached."
    remedy = "Check that the bot runs, and that BELLWIRE_RELAY__UPSTREAM_URL is its address."


class BotSilent(BellwireError):
    """The bot behind the relay did not begin to answer in time."""

    code = "bot_silent"
    status = 504
    title = "The bot behind Bellwire did not answer in time."
    remedy = "Look at what the bot is busy with; BELLWIRE_RELAY__TIMEOUT says how long it may take."


async def send_problem(send: Send, error: BellwireError) -> None:
    """The answer for an error (RFC 9457)."""
    told = {"type": f"/problems/{error.code}", "title": error.title, "status": error.status}
    told |= {"detail": error.detail, "code": error.code, "remedy": error.remedy}
    await send_json(send, error.status, told, *((PROBLEM, RETRY) if isinstance(error, Unavailable) else (PROBLEM,)))


async def send_json(send: Send, status: int, told: Mapping[str, Any], *headers: tuple[bytes, bytes]) -> None:
    """One JSON object; ``headers`` take the place of its plain media type."""
    body = orjson.dumps(told)
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*(headers or (JSON,)), length]})
    await send({"type": "http.response.body", "body": body})
