"""Reads what a control call brings, and writes what it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

T = TypeVar("T")
Call = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Body(BaseModel):
    """A JSON object of which every property is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Mistake(Exception):
    """A control call that cannot be done; answered with 400, or 404 for something that does not exist."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


async def read(request: web.Request, kind: type[T]) -> T:
    """The body as this type; an empty one counts as an empty object.

    Raises:
        Mistake: it is not, and where.
    """
    try:
        given = orjson.loads(await request.read() or b"{}")
    except orjson.JSONDecodeError as error:
        raise Mistake(f"The body is no JSON: {error}.") from None
    return built(kind, given)


def built(kind: type[T], given: Any) -> T:
    """Checked data of this type. Raises Mistake."""
    try:
        return TypeAdapter(kind).validate_python(given)
    except ValidationError as error:
        raise Mistake("; ".join(_said(found) for found in error.errors(include_url=False))) from None


def _said(found: Any) -> str:
    place = ".".join(str(part) for part in found["loc"])
    return f"{place}: {found['msg']}" if place else str(found["msg"])


def number(request: web.Request, name: str, default: float) -> float:
    """A number from the query. Raises Mistake."""
    try:
        return float(request.query.get(name, default))
    except ValueError:
        raise Mistake(f"{name}: a number is needed") from None


def answered(document: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(document, default=_plain), content_type="application/json")


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    raise TypeError(type(value).__name__)


def forgiving(call: Call) -> Call:
    """The call, with mistakes answered in JSON instead of a 500."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await call(request)
        except Mistake as mistake:
            return answered({"error": mistake.message}, mistake.status)

    return answer
