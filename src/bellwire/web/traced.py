"""The span of a request that comes in, for the API and the bot endpoint."""

from __future__ import annotations

from typing import Final

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bellwire.tracing import context_sent, failed, on, tracer

BOT: Final = "/api/messages"
API: Final = "/v1/"


class Traced:
    """ASGI: a server span for each request under ``/v1`` and to the bot endpoint.

    It stands behind the door: a caller with a key is believed when they name the trace that the request belongs to;
    whoever calls the bot endpoint is a stranger still, and begins a new one. The path as it was asked for names
    people, so a span has the route alone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, inside a span."""
        if scope["type"] != "http" or not on() or not scope["path"].startswith((API, BOT)):
            return await self.app(scope, receive, send)
        method = scope["method"]
        with tracer.start_as_current_span(
            method,
            context=context_sent(Headers(scope=scope)) if scope["path"].startswith(API) else Context(),
            kind=SpanKind.SERVER,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                await self.app(scope, receive, _watched(send, span))
            except Exception as error:
                failed(span, type(error).__name__)
                raise
            finally:
                _name(span, method, scope)


def _watched(send: Send, span: Span) -> Send:
    async def watched(message: Message) -> None:
        if message["type"] == "http.response.start":
            status = message["status"]
            span.set_attribute("http.response.status_code", status)
            if status >= 500:
                failed(span, str(status))
        await send(message)

    return watched


def _name(span: Span, method: str, scope: Scope) -> None:
    span.set_attributes({"http.request.method": method, "url.scheme": scope.get("scheme", "http")})
    route = getattr(scope.get("route"), "path", None)
    if route is not None:
        span.set_attribute("http.route", route)
        span.update_name(f"{method} {route}")
