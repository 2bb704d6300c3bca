"""OpenTelemetry, as far as Bellwire needs it: a tracer, and a span's context as text that outlives its process.

Where no SDK was set up, ``on`` says so, and nothing else is called. No attribute ever holds a message's text, a token,
or what names a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

SYSTEM: Final = "bellwire"
LONGEST: Final = 200

tracer = trace.get_tracer("bellwire")

_w3c: Final = TraceContextTextMapPropagator()


def on() -> bool:
    """Whether this process has an SDK, so that spans come to something."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def carried() -> str | None:
    """The context of the span that is under way, as a W3C ``traceparent``; None if there is none."""
    if not on() or not trace.get_current_span().get_span_context().is_valid:
        return None
    carrier: dict[str, str] = {}
    _w3c.inject(carrier)
    return carrier.get("traceparent")


def context_of(trace_parent: str | None) -> Context:
    """The context that was carried; an empty one for None, and for what is no ``traceparent``."""
    return Context() if trace_parent is None else _w3c.extract({"traceparent": trace_parent}, Context())


def links_to(*trace_parents: str | None) -> list[trace.Link]:
    """Links to spans whose contexts were carried."""
    spans = (trace.get_current_span(context_of(each)).get_span_context() for each in trace_parents if each is not None)
    return [trace.Link(span) for span in spans if span.is_valid]


def context_sent(headers: Mapping[str, str]) -> Context:
    """The context that a caller's headers name, in the form that ``OTEL_PROPAGATORS`` says."""
    return propagate.extract(headers, Context())


def failed(span: Span, code: str) -> None:
    """What the span stands for went wrong."""
    span.set_attribute("error.type", code[:LONGEST])
    span.set_status(StatusCode.ERROR)
