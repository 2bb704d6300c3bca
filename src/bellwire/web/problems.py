"""Turns every error into problem+json; the one place that knows how an error looks from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bellwire.errors import BellwireError, InvalidInput, NotFound, TooLarge, Unauthorized, Unavailable
from bellwire.model.reason import EXPLANATIONS, Reason
from bellwire.web.methods import allowed_methods
from bellwire.web.schemas.fields import IN_WORDS

MEDIA_TYPE: Final = "application/problem+json"
MOST_FINDINGS: Final = 20
LONGEST_FIELD: Final = 120
RETRY_SECONDS: Final = "1"
REASONS: Final = {reason.value: reason for reason in Reason}
HEADERS: Final = {"idempotency-key": "Idempotency-Key", "authorization": "Authorization"}
KINDS_IN_WORDS: Final = {
    "extra_forbidden": "nothing of this name is known here",
    "missing": "it is missing",
    "model_attributes_type": "a JSON object is needed",
    "model_type": "a JSON object is needed",
    "dict_type": "a JSON object is needed",
}

log = structlog.get_logger(__name__)


class MalformedBody(InvalidInput):
    """The body is not JSON."""

    code = "malformed_json"
    status = 400
    title = "The body is not JSON."
    remedy = "Send one JSON object in UTF-8."


class MethodNotAllowed(BellwireError):
    """The address exists, with other methods."""

    code = "method_not_allowed"
    status = 405
    title = "The address does not take this method."
    remedy = "Use one of the methods in the header 'Allow'."


class NotJson(InvalidInput):
    """The body is declared as something else."""

    code = "unsupported_media_type"
    status = 415
    title = "The body is not declared as JSON."
    remedy = "Send the header 'Content-Type: application/json'."


def problem(error: BellwireError, *, headers: Mapping[str, str] | None = None, **extra: Any) -> Response:
    """The answer for an error of the tree."""
    body = {
        "type": f"/problems/{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "remedy": error.remedy,
        "field": _printable(error.field) if error.field else None,
        **_move(error.code),
        **extra,
    }
    content = orjson.dumps({key: value for key, value in body.items() if value is not None})
    return Response(content, error.status, headers=_headers(error, headers), media_type=MEDIA_TYPE)


def install_problems(app: FastAPI) -> None:
    """Answer every error of ``app`` as problem+json."""
    app.add_exception_handler(BellwireError, _own)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _foreign)


class LastResort:
    """ASGI: whatever else is raised becomes a 500 that tells the caller nothing, and a log line without content."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and catch what comes back."""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception:
            log.exception("request_failed", method=scope.get("method"), path=_route(scope))
            if started or scope["type"] != "http":
                return
            await problem(BellwireError("The request could not be done."))(scope, receive, send)


async def _own(request: Request, error: Exception) -> Response:
    assert isinstance(error, BellwireError)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request_refused", code=error.code, path=_route(request.scope))
    return problem(error)


async def _invalid(request: Request, error: Exception) -> Response:  # noqa: ARG001 - Starlette's signature
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if found and found[0]["type"] == "json_invalid":
        return problem(MalformedBody("The body could not be read as JSON.", field="body"))
    findings = [{"field": _path(one["loc"]), "detail": _sentence(_words(one))} for one in found[:MOST_FINDINGS]]
    first = findings[0]
    return problem(InvalidInput(first["detail"], field=first["field"]), errors=findings if len(findings) > 1 else None)


async def _foreign(request: Request, error: Exception) -> Response:
    """What the framework refuses by itself."""
    assert isinstance(error, HTTPException)
    match error.status_code:
        case HTTPStatus.NOT_FOUND:
            return problem(NotFound("There is nothing at this address.", remedy="See /openapi.json for all addresses."))
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return problem(
                MethodNotAllowed("The address exists, but not for this method."),
                headers={"Allow": ", ".join(_allowed(request, error))},
            )
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return problem(TooLarge("The body is too large.", field="body"))
        case HTTPStatus.BAD_REQUEST:
            return problem(MalformedBody("The body could not be read as JSON.", field="body"))
        case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return problem(Unavailable("The request could not be done now."))
        case _:
            return problem(InvalidInput("The request is not valid."))


def _headers(error: BellwireError, more: Mapping[str, str] | None) -> dict[str, str]:
    own: dict[str, str] = {}
    if isinstance(error, Unauthorized):
        own["WWW-Authenticate"] = 'Bearer realm="bellwire"'
    if isinstance(error, Unavailable):
        own["Retry-After"] = RETRY_SECONDS
    return {**own, **(more or {})}


def _move(code: str) -> dict[str, str]:
    """Whose move it is, where that is known."""
    reason = REASONS.get(code)
    if reason is None:
        return {}
    return {"whose_move": EXPLANATIONS[reason].mover}


def _path(location: Sequence[int | str]) -> str:
    """``("body", "to", "upn")`` as ``to.upn``; a header's and a parameter's own name."""
    place, *rest = location or ("body",)
    if place == "header" and rest:
        return HEADERS.get(str(rest[0]), str(rest[0]))
    return _printable(".".join(str(part) for part in rest) or str(place))


def _printable(text: str) -> str:
    """Keys of a caller's body may hold anything; here they are shown, so they are made harmless."""
    shown = "".join(character if character.isprintable() else "?" for character in text[:LONGEST_FIELD])
    return shown or "?"


def _words(finding: Mapping[str, Any]) -> str:
    if finding["type"] != "string_pattern_mismatch":
        return KINDS_IN_WORDS.get(finding["type"], str(finding["msg"]))
    return IN_WORDS.get(finding["ctx"]["pattern"], "it is not written as it has to be")


def _sentence(message: str) -> str:
    words = message.removeprefix("Value error, ")
    return words[:1].upper() + words[1:] + ("" if words.endswith(".") else ".")


def _allowed(request: Request, error: HTTPException) -> list[str]:
    return allowed_methods(request.app, request.url.path, (error.headers or {}).get("Allow"))


def _route(scope: Scope) -> str | None:
    """The address's pattern, never the path as called: that one is the caller's text."""
    return getattr(scope.get("route"), "path", None)
