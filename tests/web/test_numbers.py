"""What Prometheus is told: of the queue, of the worker, of the store; and what a scrape costs."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, text

from bellwire.model.pacing import TenantPace
from bellwire.store import gauges
from bellwire.store.database import Database
from tests.store.examples import a_delivery, accepted
from tests.support.service import HandClock, Running, running

BUSY: Final = {"BELLWIRE_METRICS__TENANTS": "1"}


async def numbers(service: Running) -> dict[str, float]:
    body = (await service.call("GET", "/metrics")).body
    return {name: float(value) for name, value in re.findall(r"^([^#\s]\S*) (\S+)$", body, re.MULTILINE)}


async def test_what_ended_is_counted_with_its_reason_and_what_the_worker_owns(sqlite_url: str) -> None:
    async with running(sqlite_url, environment=BUSY) as service:
        adele, megan = service.teams.person("Adele Vance"), service.teams.person("Megan Bowen")
        for each in (adele, megan):
            await each.install()
        megan.block()
        for each in (adele, megan):
            sent = await service.client.send(to=each.aad_object_id, text="Hello")
            await service.client.wait(sent.id)
        told = await numbers(service)
    ended = {name: number for name, number in told.items() if name.startswith("bellwire_endings_total")}
    assert ended == {
        'bellwire_endings_total{reason="",sender="alerts",state="sent"}': 1,
        'bellwire_endings_total{reason="blocked",sender="alerts",state="undeliverable"}': 1,
    }
    assert told['bellwire_deliveries{sender="alerts",state="sent"}'] == 1
    assert told['bellwire_lane_changes_total{change="gained"}'] == 1
    assert sum(number for name, number in told.items() if name.startswith("bellwire_lanes{")) == 1
    assert f'bellwire_pace_used{{sender="alerts",tenant="{adele.tenant_id}"}}' in told
    assert told["bellwire_workers"] == 1
    assert told["bellwire_commit_writes_count"] > 0


async def test_the_oldest_that_is_due_has_an_age_and_what_is_due_later_has_none(sqlite_url: str) -> None:
    now = datetime.now(UTC)
    clock = HandClock(now)
    async with running(sqlite_url, work=False, clock=clock) as service:
        adele = service.teams.person("Adele Vance")
        await adele.install()
        await service.client.send(to=adele.aad_object_id, text="Later", send_at=now + timedelta(minutes=5))
        early = await numbers(service)
        clock.now += timedelta(minutes=7)
        late = await numbers(service)
    age = 'bellwire_oldest_due_seconds{sender="alerts"}'
    assert (early[age], late[age]) == (0, 120)


async def test_no_scrape_reads_the_rows_of_the_queue(database: Database) -> None:
    """Both databases find the oldest of each lane by its index, and count nothing that is queued."""
    await accepted(database, *(a_delivery() for _ in range(500)))

    def plans(conn: Connection) -> str:
        explain = "EXPLAIN QUERY PLAN " if conn.dialect.name == "sqlite" else "EXPLAIN "
        conn.execute(text("ANALYZE"))
        compiled = gauges._OLDEST.compile(conn, compile_kwargs={"literal_binds": True})
        return "\n".join(str(tuple(row)) for row in conn.execute(text(f"{explain}{compiled}")))

    plan = await database.write(plans)
    assert "ix_deliveries_queued" in plan
    assert not re.search(r"Seq Scan on deliveries|SCAN deliveries", plan), plan


def test_the_pace_that_is_used_is_what_is_under_way_and_what_settled_in_the_window() -> None:
    pace = TenantPace(4)
    pace.start(0.0)
    pace.start(0.1)
    pace.settle(0.0, 0.2)
    assert (pace.used(0.3), pace.used(1.3)) == (0.5, 0.25)
