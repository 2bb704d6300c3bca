"""An OpenTelemetry SDK that keeps what it is told in memory, for as long as a test asks for it."""

from __future__ import annotations

from functools import cache

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


class Spans:
    """The spans that have ended."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    @property
    def all(self) -> list[ReadableSpan]:
        """In the order in which they ended."""
        return list(self._exporter.get_finished_spans())

    def named(self, name: str) -> list[ReadableSpan]:
        """Those with this name."""
        return [span for span in self.all if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        """The only one with this name."""
        (span,) = self.named(name)
        return span


@cache
def _memory() -> tuple[TracerProvider, InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider, exporter


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Spans:
    """What is traced during this test. A process can set an SDK up once only, so the same one comes and goes."""
    provider, exporter = _memory()
    exporter.clear()
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    return Spans(exporter)
