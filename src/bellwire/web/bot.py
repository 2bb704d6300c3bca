"""The bot endpoint: what the Bot Connector sends is verified, kept and answered, and nothing else is waited for."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Mapping
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from bellwire.errors import InvalidActivity, TooLarge
from bellwire.web.api.service import Service

PATH: Final = "/api/messages"
MOST_BYTES: Final = 256 * 1024
"""Bytes of one activity. Teams itself takes about 100 KB (platform reference §6)."""

NOTHING_TO_ADD: Final[Mapping[str, Any]] = {}
CARD_TAKEN: Final[Mapping[str, Any]] = {
    "statusCode": 200,
    "type": "application/vnd.microsoft.activity.message",
    "value": "",
}

router = APIRouter()
"""The route that Azure Bot calls; it stays out of the API's description, since no caller of ours uses it."""


@router.post(PATH, include_in_schema=False)
async def take_activity(request: Request, bellwire: Service) -> Response:
    """Verify, keep, answer. Whatever is refused is refused by an error that ``web.problems`` turns into an answer."""
    try:
        activity = _activity(await _body(request))
    except ClientDisconnect:
        return Response(status_code=InvalidActivity.status)
    claims = await bellwire.verifier.verify(request.headers.get("authorization"), activity)
    bellwire.metrics.captured(await bellwire.capture.take(claims.app_id, activity))
    return _answer(activity)


async def _body(request: Request) -> bytes:
    """The body. One that is too large is read to its end and thrown away: whoever still writes cannot hear a no."""
    body, length = bytearray(), 0
    async for chunk in request.stream():
        length += len(chunk)
        if length <= MOST_BYTES:
            body += chunk
    if length > MOST_BYTES:
        raise TooLarge(f"The activity is larger than {MOST_BYTES} bytes.", field="body")
    return bytes(body)


def _activity(body: bytes) -> dict[str, Any]:
    try:
        activity = orjson.loads(body.removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError:
        raise InvalidActivity("The body is not JSON.", field="body") from None  # the cause would carry the body
    if not isinstance(activity, dict):
        raise InvalidActivity("The body is not a JSON object.", field="body")
    return activity


def _answer(activity: Mapping[str, object]) -> Response:
    """An invoke is a question: Teams shows the person an error unless a body answers it."""
    if _word(activity.get("type")) != "invoke":
        return Response()
    pressed = _word(activity.get("name")) == "adaptivecard/action"
    return Response(orjson.dumps(CARD_TAKEN if pressed else NOTHING_TO_ADD), media_type="application/json")


def _word(value: object) -> str:
    return value.strip().lower() if isinstance(value, str) else ""
