"""Whether the process lives, whether it can work, and the numbers; without a key, and without naming anybody."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from bellwire.model.reason import Reason
from bellwire.store import lanes
from tests.support.postgres import PostgresServer
from tests.support.service import Running, running

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


async def test_a_service_that_can_work_is_ready(service: Running) -> None:
    alive = await service.call("GET", "/healthz")
    ready = await service.call("GET", "/readyz")
    assert (alive.status, alive.body) == (200, {"status": "ok"})
    assert (ready.status, ready.body["ready"]) == (200, True)
    assert {"name": "database", "well": True} in ready.body["checks"]


async def test_a_halted_sender_makes_whoever_sends_not_ready_and_says_why(sqlite_url: str) -> None:
    async with running(sqlite_url) as service:
        await halted(service)
        ready = await service.call("GET", "/readyz")
        (check,) = [check for check in ready.body["checks"] if not check["well"]]
        assert (ready.status, ready.body["ready"]) == (503, False)
        assert (check["name"], check["code"]) == ("sender alerts", "bot_not_registered")
        assert check["remedy"]
        assert (await service.call("GET", "/healthz")).status == 200


async def test_who_only_answers_stays_ready_and_says_it_too(service: Running) -> None:
    await halted(service)
    ready = await service.call("GET", "/readyz")
    assert (ready.status, ready.body["ready"]) == (200, True)
    assert ready.body["checks"][1]["code"] == "bot_not_registered"


async def halted(service: Running) -> None:
    await service.bellwire.database.write(lambda conn: lanes.halt(conn, "alerts", Reason.BOT_NOT_REGISTERED, NOW, NOW))


async def test_a_database_that_does_not_answer_makes_it_not_ready(
    postgres_server: PostgresServer, postgres_template: str
) -> None:
    name = await asyncio.to_thread(postgres_server.create, postgres_template)
    async with running(postgres_server.url(name), work=False) as service:
        await asyncio.to_thread(postgres_server.drop, name)
        ready = await service.call("GET", "/readyz")
        refused = await service.call("GET", "/v1/books")
        alive = await service.call("GET", "/healthz")
    assert (ready.status, ready.body["checks"][0]["code"]) == (503, "store_unavailable")
    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (503, "store_unavailable", "1")
    assert alive.status == 200


async def test_the_numbers_name_states_and_surfaces_and_nobody(service: Running) -> None:
    adele = service.teams.person("Adele Vance")
    await adele.install()
    await service.call("POST", "/v1/messages", {"to": {"aad_object_id": adele.aad_object_id}, "text": "Hello there"})
    numbers = await service.call("GET", "/metrics", headers={"Authorization": ""})
    lines = numbers.body.splitlines()
    assert numbers.headers["Content-Type"].startswith("text/plain")
    assert 'bellwire_deliveries{sender="alerts",state="queued"} 1.0' in lines
    assert 'bellwire_activities_total{surface="teams_personal"} 2.0' in lines
    for name in (adele.aad_object_id, adele.tenant_id, "Adele", "Hello there"):
        assert name not in numbers.body
