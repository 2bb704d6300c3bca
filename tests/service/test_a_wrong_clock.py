"""A machine whose clock is ten minutes wrong sends like every other: the database's time counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest

from bellwire import app
from bellwire.app import utc_now
from bellwire.simulator import Simulator
from bellwire.store import books, workers
from bellwire.store.database import Database
from tests.support.crowd import installed_long_ago
from tests.support.service import Running, running

TENANTS = tuple(f"{number:08d}-1111-4111-8111-111111111111" for number in range(1, 5))
PEOPLE = 60


async def inhabited(teams: Simulator, url: str) -> dict[str, list[str]]:
    """Everybody, by tenant, each known to the service."""
    crowds = {tenant: teams.crowd(PEOPLE, tenant_id=tenant) for tenant in TENANTS}
    database = Database(url)
    await database.start()
    for crowd in crowds.values():
        await database.write(partial(installed_long_ago, actors=crowd))
    await database.close()
    return {tenant: [actor.aad_object_id for actor in crowd] for tenant, crowd in crowds.items()}


async def accepted(service: Running, tenant: str, people: list[str]) -> None:
    body = {"to": people, "tenant_id": tenant, "text": "Hello"}
    reply = await service.call("POST", "/v1/messages/bulk", body)
    assert reply.status == 202, reply.body


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_it_sends_at_once_and_exceeds_nothing(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    def wrong() -> datetime:
        return utc_now() + timedelta(minutes=minutes)

    async with Simulator() as teams:
        people = await inhabited(teams, postgres_url)
        environment = {"BELLWIRE_ALLOWED_TENANTS": ",".join(TENANTS)}
        async with running(postgres_url, teams=teams, environment=environment) as right:
            monkeypatch.setattr(app, "utc_now", wrong)
            async with running(postgres_url, teams=teams, environment=environment) as skewed:
                began = {right.worker.id, skewed.worker.id}
                for number, (tenant, crowd) in enumerate(people.items()):
                    await accepted((right, skewed)[number % 2], tenant, crowd)
                await teams.ledger.wait_for(len(TENANTS) * PEOPLE, 60.0)
                living = {peer.id for peer in await right.bellwire.database.read(workers.peers)}
                assert {right.worker.id, skewed.worker.id} == began == living
        assert not teams.exceeded
    database = Database(postgres_url)
    await database.start()
    kept = await database.read(books.read)
    await database.close()
    assert sum(book.sent for book in kept) == len(TENANTS) * PEOPLE
