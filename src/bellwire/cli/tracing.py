"""Sends the spans of this process to where the standard ``OTEL_`` variables say, if the extra ``otel`` is installed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import structlog
from opentelemetry import trace

from bellwire.errors import ConfigError
from bellwire.release import release
from bellwire.tracing import on

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.util.types import AttributeValue

WANTED_BY: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_EXPORTER")
PROTOCOL: Final = "http/protobuf"

log = structlog.get_logger(__name__)


@asynccontextmanager
async def traces_exported() -> AsyncIterator[None]:
    """Export until the end of the block, and then what is left.

    Nothing is set up where none of ``WANTED_BY`` is set, nor where another program (``opentelemetry-instrument``) has
    set up an SDK already.

    Raises:
        ConfigError: a variable asks for what there is not.
    """
    provider = _provider() if _wanted() else None
    if provider is None:
        yield
        return
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        await asyncio.to_thread(provider.shutdown)


def _wanted() -> bool:
    disabled = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    given = any(os.environ.get(name) for name in WANTED_BY)
    return given and not on() and not disabled and _exporter_name() != "none"


def _exporter_name() -> str:
    return os.environ.get("OTEL_TRACES_EXPORTER", "").strip() or "otlp"


def _provider() -> TracerProvider | None:
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        exporter = _exporter()
    except ImportError:
        log.warning("traces_not_exported", remedy="Install bellwire[otel], or unset the OTEL_ variables.")
        return None
    own: dict[str, AttributeValue] = {"service.version": release()}
    if not _named():
        own["service.name"] = "bellwire"
    provider = TracerProvider(resource=Resource.create(own), shutdown_on_exit=False)
    try:
        provider.add_span_processor(BatchSpanProcessor(exporter))
    except ValueError as error:
        raise _wrong_batches(error) from error
    return provider


def _wrong_batches(error: ValueError) -> ConfigError:
    """The SDK's words begin with its argument's name, which is the variable's in small letters."""
    argument, _, said = str(error).partition(" ")
    field = f"OTEL_BSP_{argument.removesuffix('_millis').upper()}"
    return ConfigError(f"It {said}", field=field, remedy="Correct the variable, or unset it for the default.")


def _named() -> bool:
    attributes = os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    return bool(os.environ.get("OTEL_SERVICE_NAME")) or "service.name=" in attributes


def _exporter() -> SpanExporter:
    name = _exporter_name()
    if name == "console":
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter

        return ConsoleSpanExporter()
    if name != "otlp":
        raise ConfigError(
            f"There is no exporter {name!r}.", field="OTEL_TRACES_EXPORTER", remedy="Use otlp, console or none."
        )
    for field in ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        if (protocol := os.environ.get(field) or PROTOCOL) != PROTOCOL:
            raise ConfigError(
                f"Traces are not exported by {protocol!r}.",
                field=field,
                remedy=f"Use {PROTOCOL}, and the collector's port for it (4318).",
            )
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()
