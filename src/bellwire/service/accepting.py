"""The span of accepting: whatever becomes of the messages goes on from here, in whichever process and whenever."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from opentelemetry.trace import INVALID_SPAN, Span, SpanKind

from bellwire.errors import BellwireError
from bellwire.tracing import SYSTEM, failed, on, tracer

_ATTRIBUTES: Final = {
    "messaging.system": SYSTEM,
    "messaging.operation.name": "accept",
    "messaging.operation.type": "create",
}


@contextmanager
def accepting() -> Iterator[Span]:
    """A span around what is accepted or refused in the block; an empty one where nothing is traced."""
    if not on():
        yield INVALID_SPAN
        return
    with tracer.start_as_current_span(
        "accept", kind=SpanKind.PRODUCER, attributes=_ATTRIBUTES, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield span
        except BellwireError as error:
            failed(span, error.code)
            raise
