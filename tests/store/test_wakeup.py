"""Bells: rung by a commit, heard once, never lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection

from bellwire.store.database import Database
from bellwire.store.wakeup import ring
from tests.support.postgres import PostgresServer

PATIENCE = 10.0


def ring_and_fail(conn: Connection) -> None:
    ring(conn)
    raise LookupError


async def test_a_commit_wakes_whoever_waits(database: Database) -> None:
    bell = database.bell()
    waiting = asyncio.create_task(bell.wait(PATIENCE))
    await database.write(ring)

    assert await waiting


async def test_a_ring_before_the_wait_is_not_lost(database: Database) -> None:
    bell = database.bell()
    await database.write(ring)

    assert await bell.wait(PATIENCE)


async def test_many_rings_are_heard_once(database: Database) -> None:
    bell = database.bell()
    for _ in range(3):
        await database.write(ring)

    assert await bell.wait(PATIENCE)
    assert not await bell.wait(0)


async def test_every_bell_rings(database: Database) -> None:
    bells = [database.bell() for _ in range(3)]
    await database.write(ring)

    assert all([await bell.wait(PATIENCE) for bell in bells])


async def test_what_does_not_ring_wakes_nobody(database: Database) -> None:
    bell = database.bell()
    await bell.wait(0)
    await database.write(lambda conn: None)

    assert not await bell.wait(0)


async def test_what_fails_rings_for_nobody(database: Database) -> None:
    bell = database.bell()
    await asyncio.gather(database.write(ring_and_fail), return_exceptions=True)

    assert not await bell.wait(0)


async def test_one_that_fails_does_not_keep_another_from_ringing(database: Database) -> None:
    bell = database.bell()
    await asyncio.gather(database.write(ring_and_fail), database.write(ring), return_exceptions=True)

    assert await bell.wait(PATIENCE)


async def test_a_bell_cannot_be_rung_outside_a_write(database: Database) -> None:
    with pytest.raises(RuntimeError):
        await database.read(ring)


@pytest.fixture
async def two_services(postgres_url: str) -> AsyncIterator[tuple[Database, Database]]:
    services = Database(postgres_url), Database(postgres_url)
    for service in services:
        await service.start()
    yield services
    for service in services:
        await service.close()


async def test_on_postgresql_other_services_hear_it_too(two_services: tuple[Database, Database]) -> None:
    here, there = two_services
    bell = there.bell()
    await here.write(ring)

    assert await bell.wait(PATIENCE)


async def test_after_a_restart_bells_ring_for_what_may_have_been_missed(
    two_services: tuple[Database, Database], postgres_server: PostgresServer, postgres_url: str
) -> None:
    here, there = two_services
    bell = there.bell()
    postgres_server.interrupt(postgres_url)
    assert await bell.wait(PATIENCE)

    await here.write(ring)
    assert await bell.wait(PATIENCE)
