"""A signed address is a password: whatever fails, what follows its question mark is shown nowhere."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web
from yarl import URL

from bellwire.config import load_settings
from bellwire.errors import ConfigError
from bellwire.flows.sender import FlowSender
from bellwire.flows.trigger import Trigger, trigger_of
from bellwire.logs import describe_exception, without_secrets
from bellwire.model.message import Message
from bellwire.model.outcome import Step
from bellwire.model.posting import Posting
from bellwire.model.recipient import Person
from bellwire.net import NoAnswer, exchange, open_session
from bellwire.simulator import faults
from bellwire.teams.clouds import CLOUDS
from tests.support.service import Running

from .stage import stage

SIGNATURE = "kept-to-itself-0123456789-" * 12
QUERY = f"api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={SIGNATURE}"
PLACE = "/powerautomate/automations/direct/workflows/1/triggers/manual/paths/invoke"
POSTING = Posting(step=Step.POST, person=Person("studio", "t", "p"), service_url="", message=Message("1", "Hello"))
Handler = Callable[[web.Request], Any]


def hides(*said: object) -> None:
    """None of it, however it is shown, holds a part of the query."""
    for each in said:
        shown = f"{each!r} {each!s} {each if isinstance(each, str) else ''}"
        assert SIGNATURE[:26] not in shown
        assert "sig=" not in shown
        assert "triggers%2Fmanual" not in shown


async def echo(request: web.Request) -> web.Response:
    """What a gateway may do: repeat the whole address in headers, error code, message and body."""
    url = str(request.url)
    body = {"error": {"code": url, "message": f"No route for {url}"}, "code": url}
    return web.json_response(body, status=404, headers={"Location": url, "x-ms-workflow-run-id": "08"})


async def elsewhere(request: web.Request) -> web.Response:
    return web.Response(status=307, headers={"Location": f"http://127.0.0.1:9/?{request.query_string}"})


async def cut(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def no_http(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.write(f"no HTTP at all: {request.url}\r\n\r\n".encode())
    request.transport.close()
    return web.Response()


async def silent(request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    return web.Response()


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_post(PLACE, handler)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def trigger_at(host: str) -> Trigger:
    cloud = replace(CLOUDS["public"], custom=True, service_hosts=(host,))
    scheme = "http" if host.startswith("127.") else "https"
    return trigger_of(f"{scheme}://{host}{PLACE}?{QUERY}", cloud, field="FLOW_URL")


@pytest.mark.parametrize("handler", [echo, elsewhere, cut, no_http, silent])
async def test_however_a_call_fails_its_outcome_and_the_logs_hide_it(
    handler: Handler, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving(handler) as host, open_session() as session:
        trigger = trigger_at(host)
        sender = FlowSender(trigger, session, None, clock=lambda: datetime.now(UTC), timeout=0.5)
        hides(await sender.send(POSTING), trigger, sender, vars(sender)["_trigger"])
    hides(caplog.text)


@pytest.mark.parametrize("host", ["127.0.0.1:9", "nobody.invalid:443"])
async def test_a_host_that_is_not_there_is_told_without_it(host: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with open_session() as session:
        sender = FlowSender(trigger_at(host), session, None, clock=lambda: datetime.now(UTC), timeout=5.0)
        hides(await sender.send(POSTING))
    hides(caplog.text)


@pytest.mark.parametrize(
    "url", [f"http://127.0.0.1:9{PLACE}?{QUERY}", f"/no-host?{QUERY}", f"ftp://127.0.0.1/?{QUERY}"]
)
async def test_the_error_of_a_lost_call_and_its_traceback_hide_it(url: str) -> None:
    async with open_session() as session:
        with pytest.raises(NoAnswer) as lost:
            await exchange(session, "POST", URL(url, encoded=True), content=b"{}")
    said = "".join(traceback.format_exception(lost.value))
    hides(lost.value, describe_exception(lost.value), *lost.value.args, said.partition("\n    await exchange")[0])
    assert "aiohttp" not in said.rpartition("Traceback")[2].partition("NoAnswer")[2]


async def test_the_words_of_a_library_that_quotes_it_are_cleaned() -> None:
    url = f"http://127.0.0.1:9{PLACE}?{QUERY}"
    hides(without_secrets(f"cannot reach {url} for now"), describe_exception(aiohttp.InvalidURL(url)))


FLOW = {"kind": "flow", "tenant_id": "22222222-2222-2222-2222-222222222222"}
ADDRESS = f"https://0.1.environment.api.powerplatform.com{PLACE}?{QUERY}"


def test_settings_hide_it_in_every_form() -> None:
    settings = load_settings(senders={"studio": {**FLOW, "flow_url": ADDRESS}})
    flow = settings.flows["studio"]
    hides(settings, flow, settings.model_dump(), settings.model_dump_json(), dict(flow), flow.model_dump(mode="json"))


@pytest.mark.parametrize(
    "given",
    [
        {"flow_url": {"address": ADDRESS}},
        {"flow_url": [ADDRESS]},
        {"flow_url": ADDRESS, "per_minute": ADDRESS},
        {"flow_url": ADDRESS, "app_id": "x"},
        {"flow_url": ADDRESS, ADDRESS: "a name where a value belongs"},
        {"flow_url": ADDRESS, "kind": ADDRESS},
    ],
)
def test_a_wrong_setting_is_told_without_it(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as refused:
        load_settings(senders={"studio": {**FLOW, **given}})
    error = refused.value
    hides(error, error.remedy, error.field, describe_exception(error), *error.args)


def test_a_file_that_is_no_toml_is_told_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bellwire.toml"
    path.write_text(f'[senders.studio]\nkind = "flow"\nflow_url = {ADDRESS}\n', encoding="utf-8")
    monkeypatch.setenv("BELLWIRE_CONFIG", str(path))
    with pytest.raises(ConfigError) as refused:
        load_settings()
    hides(refused.value, "".join(traceback.format_exception(refused.value)))


ANSWERS = ("/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/people", "/v1/deliveries", "/v1/books?audit=true")
BROKEN: list[dict[str, Any]] = [{"on": False}, {"deleted": True}, {"responds": False}, {"per_minute": 0}, {}]


@pytest.mark.parametrize("change", BROKEN, ids=str)
async def test_no_answer_of_the_service_shows_it(
    sqlite_url: str, change: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with stage(sqlite_url) as scene:
        scene.flow.signature = scene.flow.signature if change else "made anew"
        for name, value in change.items():
            setattr(scene.flow, name, value)
        scene.teams.faults.add(faults.garbled())
        recorded = scene.service.worker.signals.recorded.listen()
        accepted = await scene.send(scene.person("Megan"))
        await asyncio.wait_for(recorded.get(), 20)
        told = [await shown(scene.service, path) for path in (*ANSWERS, f"/v1/deliveries/{accepted['id']}")]
    address = str(scene.flow.signature)
    assert not [each for each in (*told, caplog.text) if "sig=" in each or address in each]


async def shown(service: Running, path: str) -> str:
    reply = await service.call("GET", path)
    return f"{dict(reply.headers)} {orjson.dumps(reply.body).decode()}"


async def test_the_running_service_has_no_picture_of_itself_with_it(sqlite_url: str) -> None:
    async with stage(sqlite_url) as scene:
        service, signature = scene.service.bellwire, str(scene.flow.signature)
        parts = [getattr(service, name) for name in dir(service) if not name.startswith("__")]
        assert signature not in f"{service!r} {parts!r}"
