"""The span of an attempt: from the moment before the wire to the answer, in the trace of whoever wanted the message."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from opentelemetry.trace import Span, SpanKind
from opentelemetry.util.types import AttributeValue

from bellwire.delivery.sender import Sender
from bellwire.delivery.work import Work
from bellwire.model.delivery import Priority
from bellwire.model.outcome import Installed, Opened, Outcome, Sent
from bellwire.tracing import SYSTEM, context_of, failed, links_to, on, tracer

_DONE: Final = (Sent, Opened, Installed)


async def send(sender: Sender, work: Work) -> Outcome:
    """Send, inside a span of its own.

    It is a child of the accepting span, and linked to the one that captured the chat. An attempt in bulk has a trace
    of its own and a link to the accepting span, since no tool shows a trace of a hundred thousand spans.
    """
    if not on():
        return await sender.send(work.posting())
    wanted = None if work.message is None else work.message.trace
    many = work.priority is Priority.BULK
    with tracer.start_as_current_span(
        f"{work.step} {work.person.sender}",
        context=context_of(None if many else wanted),
        kind=SpanKind.CLIENT,
        links=links_to(wanted if many else None, work.chat_trace),
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        span.set_attributes(_before(work))
        outcome = await sender.send(work.posting())
        _tell(span, outcome)
        return outcome


def _before(work: Work) -> dict[str, AttributeValue]:
    """What is known before the wire. The delivery's id leads to the person; the person is not named."""
    known: dict[str, AttributeValue] = {
        "messaging.system": SYSTEM,
        "messaging.operation.name": work.step.value,
        "messaging.operation.type": "process",
        "messaging.destination.name": work.person.sender,
        "messaging.message.id": work.key,
        "bellwire.tenant_id": work.person.tenant_id,
        "bellwire.priority": work.priority.name.lower(),
        "bellwire.attempt": work.attempts,
    }
    host = urlsplit(work.service_url).hostname
    return known | {"server.address": host} if host else known


def _tell(span: Span, outcome: Outcome) -> None:
    """What became of it."""
    span.set_attribute("bellwire.outcome", type(outcome).__name__.lower())
    status = getattr(outcome, "status", None)
    if status is not None:
        span.set_attribute("http.response.status_code", status)
    if not isinstance(outcome, _DONE):
        failed(span, getattr(outcome, "code", None) or type(outcome).__name__.lower())
