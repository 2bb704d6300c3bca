"""Turns a request away before anybody reads it: a body that is too large, or not declared as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bellwire.errors import TooLarge
from bellwire.web.problems import NotJson
from bellwire.web.refusal import TurnedAway

MOST_BYTES: Final = 1_000_000
MOST_BYTES_OF: Final[Mapping[str, int]] = {
    "/v1/messages/bulk": 20_000_000,
    "/v1/references": 10_000_000,
    "/v1/activities": 10_000_000,
}


class BodyLimits:
    """ASGI: counts a body while it comes in, declared or not, and refuses it at the limit of its address."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is within limits."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        most = MOST_BYTES_OF.get(scope["path"], MOST_BYTES)
        if int(headers.get("content-length", "0")) > most:
            return await TurnedAway(TooLarge(f"The body is larger than {most} bytes.", field="body"))(
                scope, receive, send
            )
        if _has_body(headers) and scope["path"].startswith("/v1/") and not _is_json(headers):
            return await TurnedAway(NotJson("Its media type is not JSON.", field="Content-Type"))(scope, receive, send)
        return await self.app(scope, _counted(receive, most), send)


def _counted(receive: Receive, most: int) -> Receive:
    read = 0

    async def counted() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > most:
            raise HTTPException(TooLarge.status)
        return message

    return counted


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _is_json(headers: Headers) -> bool:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json"
