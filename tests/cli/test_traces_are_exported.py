"""``bellwire serve`` exports its traces by the standard variables; one trace goes through two processes."""

from __future__ import annotations

import asyncio
import gzip
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp
import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bellwire.cli.exits import Exit
from bellwire.client import AsyncClient
from tests.cli.conftest import Command
from tests.cli.test_serve_and_simulate import KEY, exported, installed_person, line_with, started

RUNS_AT: Final = r"runs at (http://[0-9.]+:[0-9]+)"


class Collector:
    """Takes spans in by OTLP over HTTP."""

    def __init__(self) -> None:
        self.url = ""
        self.spans: dict[str, tuple[str, bytes, bytes, bytes]] = {}

    async def take(self, request: web.Request) -> web.Response:
        """What a process exports: service, trace, span and parent by the span's name."""
        body = await request.read()
        told = ExportTraceServiceRequest()
        told.ParseFromString(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)
        for resource in told.resource_spans:
            named = {each.key: each.value.string_value for each in resource.resource.attributes}
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                self.spans[span.name] = (named["service.name"], span.trace_id, span.span_id, span.parent_span_id)
        return web.Response()


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    collector = Collector()
    application = web.Application()
    application.router.add_post("/v1/traces", collector.take)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield collector
    finally:
        await runner.cleanup()


async def test_what_one_process_accepts_another_one_sends_in_the_same_trace(tmp_path: Path, postgres_url: str) -> None:
    async with collecting() as collector, started(tmp_path, "simulate", "--port", "0", env={}) as simulator:
        printed = await exported(simulator)
        settings = {**printed, "BELLWIRE_API_KEYS": KEY, "BELLWIRE_DATABASE_URL": postgres_url}
        settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url
        async with (
            started(tmp_path, "serve", "--role", "web", "--port", "0", env=settings) as answering,
            started(
                tmp_path, "serve", "--role", "worker", "--port", "0", env={**settings, "OTEL_SERVICE_NAME": "senders"}
            ) as sending,
            aiohttp.ClientSession() as session,
        ):
            url = await line_with(answering.stderr, RUNS_AT)
            await line_with(sending.stderr, RUNS_AT)
            teams = printed["BELLWIRE_CLOUD__GRAPH_URL"].removesuffix("/graph")
            person = await installed_person(session, teams, f"{url}/api/messages")
            async with AsyncClient(url, key=KEY) as client:
                accepted = await client.send(to=person, text="It works by another process.")
                assert (await client.wait(accepted.id, timeout=30)).sent
            for process in (answering, sending):
                process.send_signal(signal.SIGTERM)
                async with asyncio.timeout(30):
                    assert await process.wait() == Exit.OK
    accept, (service, trace, _, parent) = collector.spans["accept"], collector.spans["post alerts"]
    assert (accept[0], service) == ("bellwire", "senders")
    assert (trace, parent) == accept[1:3]


@pytest.mark.parametrize(("name", "value"), [("OTEL_BSP_MAX_QUEUE_SIZE", "-3"), ("OTEL_BSP_SCHEDULE_DELAY", "0")])
def test_what_the_sdk_refuses_is_told_with_the_variable(name: str, value: str, command: Command) -> None:
    ended = command("serve", "--port", "0", env={"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", name: value})
    assert (ended.code, "defect" in ended.err) == (Exit.BAD_SETTING, False)
    assert name in ended.err


@pytest.mark.parametrize(
    ("name", "value"), [("OTEL_TRACES_EXPORTER", "zipkin"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]
)
def test_what_there_is_no_exporter_for_is_refused_with_the_way_out(command: Command, name: str, value: str) -> None:
    ended = command("serve", "--port", "0", env={"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", name: value})
    assert ended.code == Exit.BAD_SETTING
    assert name in ended.err
    assert "http/protobuf" in ended.err or "console" in ended.err
