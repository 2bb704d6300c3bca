"""The bot endpoint as somebody outside finds it, and the service itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiohttp import web

from bellwire.model.reason import Reason
from bellwire.service.doctor.finding import Level
from bellwire.store import lanes, workers
from bellwire.store.lanes import LaneKey
from bellwire.teams.clouds import CLOUDS
from tests.doctor.conftest import Patient


@asynccontextmanager
async def somebody(status: int, body: str = "", headers: dict[str, str] | None = None) -> AsyncIterator[str]:
    """A server that answers everything so."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=body, headers=headers)

    application = web.Application()
    application.router.add_route("*", "/{rest:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_an_endpoint_that_nobody_named_cannot_be_judged(patient: Patient) -> None:
    found = await patient.look("endpoint", endpoint=None)
    assert found.level is Level.UNTOLD
    assert "--endpoint" in (found.remedy or "")


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (404, "/api/messages"),
        (502, "bellwire serve"),
        (403, "--allow-anonymous"),
        (401, "--allow-anonymous"),
        (302, "--allow-anonymous"),
        (200, "/api/messages"),
    ],
)
async def test_whoever_answers_in_bellwires_place_is_told_apart(patient: Patient, status: int, remedy: str) -> None:
    async with somebody(status, "<html>Sign in</html>", {"Location": "https://login.example"}) as url:
        found = await patient.look("endpoint", endpoint=f"{url}/api/messages")
    assert found.level is Level.STOPS
    assert str(status) in found.detail
    assert remedy in (found.remedy or "")


async def test_an_endpoint_that_does_not_answer(patient: Patient) -> None:
    found = await patient.look("endpoint", endpoint="http://127.0.0.1:9/api/messages")
    assert found.level is Level.STOPS
    assert "connect_failed" in found.detail


@pytest.mark.parametrize("endpoint", ["nonsense", "ftp://a.example/", "https://u:p@a.example/", "http://[", "https://"])
async def test_an_address_that_is_none_is_refused(patient: Patient, endpoint: str) -> None:
    assert (await patient.look("endpoint", endpoint=endpoint)).level is Level.STOPS


async def test_microsofts_own_cloud_calls_https_alone(patient: Patient) -> None:
    found = await patient.look("endpoint", cloud=CLOUDS["public"], bots={})
    assert found.level is Level.STOPS
    assert "https://" in (found.remedy or "")


async def test_that_no_service_runs_is_no_fault(patient: Patient) -> None:
    found = await patient.look("service", url="http://127.0.0.1:9")
    assert found.level is Level.WARNING
    assert "bellwire serve" in (found.remedy or "")


async def test_what_is_not_bellwire_is_said_to_be_none(patient: Patient) -> None:
    async with somebody(200, "hello") as url:
        found = await patient.look("service", url=url)
    assert found.level is Level.WARNING
    assert "not Bellwire" in found.detail


async def test_a_sender_that_stands_still_is_named(patient: Patient) -> None:
    now = patient.installation.clock()
    await patient.service.bellwire.database.write(
        lambda conn: lanes.halt(conn, "alerts", Reason.TOKEN_REFUSED, now, now)
    )
    found = await patient.look("service")
    assert found.level is Level.STOPS
    assert found.subject == "sender alerts"
    assert "secret" in (found.remedy or "")


async def test_a_sender_that_waits_because_teams_asked_for_it_is_fine(patient: Patient) -> None:
    now, lane = patient.installation.clock(), LaneKey("alerts", patient.teams.bot.tenant_id)
    database = patient.service.bellwire.database
    await database.write(lambda conn: workers.register(conn, "w", None, now))
    await database.write(lambda conn: lanes.own(conn, "w", [lane]))
    await database.write(lambda conn: lanes.pause(conn, lane, now + timedelta(hours=1)))
    waits = (await patient.service.call("GET", "/readyz")).body["checks"]
    assert "paused" in [check.get("code") for check in waits]
    assert (await patient.look("service")).level is Level.FINE


async def test_nothing_takes_for_ever(patient: Patient) -> None:
    async with asyncio.timeout(20):
        await patient.look("settings", url="http://127.0.0.1:9", endpoint="http://127.0.0.1:9/")
