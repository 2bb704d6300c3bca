"""Whoever asks about a queued delivery, the books or the health is told what stands still, and until when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bellwire.model.reason import Reason
from bellwire.service.books import Books
from bellwire.service.deliveries import Deliveries, Filter
from bellwire.service.health import Health
from bellwire.service.metrics import Metrics
from bellwire.store import lanes, workers
from bellwire.store.database import Database
from bellwire.store.lanes import LaneKey

from .people import CALLER, NOW, TENANT, Story, to

TOMORROW = NOW + timedelta(days=1)
LANE = LaneKey("alerts", TENANT)


@pytest.fixture
async def queued(story: Story) -> str:
    return (await story.sending.accept(to(await story.someone()), caller=CALLER)).delivery.id


async def paused(database: Database) -> None:
    """Teams has asked to wait until tomorrow."""
    await database.write(lambda conn: workers.register(conn, "w", None, NOW))
    await database.write(lambda conn: lanes.own(conn, "w", [LANE]))
    await database.write(lambda conn: lanes.pause(conn, LANE, TOMORROW))


async def test_a_queued_delivery_says_that_it_is_paused_and_until_when(story: Story, queued: str) -> None:
    deliveries = Deliveries(story.database, lambda: story.now)
    before = (await deliveries.get(queued)).delivery
    await paused(story.database)
    (listed,) = await deliveries.page(Filter())
    told = (await deliveries.get(queued)).delivery
    assert (before.reason, before.run_at) == (None, NOW)
    assert (told.reason, told.run_at) == (listed.reason, listed.run_at) == (Reason.PAUSED, TOMORROW)


async def test_when_the_pause_is_over_it_says_nothing_any_more(story: Story, queued: str) -> None:
    await paused(story.database)
    told = (await Deliveries(story.database, lambda: TOMORROW).get(queued)).delivery
    assert told.reason is None


async def test_a_queued_delivery_says_why_its_sender_is_halted(story: Story, queued: str) -> None:
    await story.database.write(lambda conn: lanes.halt(conn, "alerts", Reason.TOKEN_REFUSED, NOW, TOMORROW))
    told = (await Deliveries(story.database, lambda: story.now).get(queued)).delivery
    assert told.reason is Reason.TOKEN_REFUSED


@pytest.mark.usefixtures("queued")
async def test_the_books_say_what_stands_still(story: Story) -> None:
    await paused(story.database)
    found = (await Books(story.database, lambda: story.now).read()).standstills.of(*LANE)
    assert found is not None
    assert (found.reason, found.until) == (Reason.PAUSED, TOMORROW)


async def test_who_waits_is_ready_and_says_that_it_waits(story: Story) -> None:
    await paused(story.database)
    readiness = await Health(story.database, clock=lambda: story.now).readiness()
    (check,) = [check for check in readiness.checks if check.code]
    assert readiness.ready
    assert (check.name, check.well, check.code) == ("sender alerts", True, "paused")
    assert "1 tenant(s)" in (check.detail or "")
    assert TENANT not in repr(readiness)


async def test_the_numbers_count_the_tenants_that_wait(story: Story) -> None:
    await paused(story.database)
    assert b'bellwire_paused_tenants{sender="alerts"} 1.0' in await Metrics(story.database, lambda: story.now).text()
    assert b"bellwire_paused_tenants{" not in await Metrics(story.database, lambda: TOMORROW).text()
