"""Turns problem+json back into the error that the service raised."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from bellwire.errors import (
    BellwireError,
    Conflict,
    IdempotencyConflict,
    InvalidInput,
    InvalidKey,
    NotFound,
    StoreUnavailable,
    TenantNotAllowed,
    TooLarge,
    Unavailable,
    Unreachable,
)
from bellwire.model.reason import Reason

UNREACHABLE: Final = frozenset({Unreachable.code, "recipient_not_resolvable", *Reason})
BY_CODE: Final[Mapping[str, type[BellwireError]]] = {
    one.code: one for one in (IdempotencyConflict, StoreUnavailable, TenantNotAllowed, InvalidKey)
}
BY_STATUS: Final[Mapping[int, type[BellwireError]]] = {
    HTTPStatus.UNAUTHORIZED: InvalidKey,
    HTTPStatus.FORBIDDEN: TenantNotAllowed,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.CONFLICT: Conflict,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooLarge,
    HTTPStatus.BAD_GATEWAY: Unavailable,
    HTTPStatus.SERVICE_UNAVAILABLE: Unavailable,
    HTTPStatus.GATEWAY_TIMEOUT: Unavailable,
}
NOT_BELLWIRE: Final = "Check the service's address: something else than Bellwire answers there."


def error_of(status: int, problem: Any) -> BellwireError:
    """The error for an answer that is no success, or none of Bellwire's; without a problem in it, by its status."""
    fields: Mapping[str, Any] = problem if isinstance(problem, Mapping) else {}
    code = _text(fields.get("code"))
    foreign = code is None and status < HTTPStatus.INTERNAL_SERVER_ERROR
    return _class(status, code)(
        _text(fields.get("detail")) or f"The service answered with HTTP {status}.",
        field=_text(fields.get("field")),
        code=code,
        remedy=_text(fields.get("remedy")) or (NOT_BELLWIRE if foreign else None),
    )


def _class(status: int, code: str | None) -> type[BellwireError]:
    if code is not None and code in BY_CODE:
        return BY_CODE[code]
    if status == Unreachable.status and code in UNREACHABLE:
        return Unreachable
    if status in BY_STATUS:
        return BY_STATUS[status]
    is_refusal = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return InvalidInput if is_refusal else BellwireError


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
