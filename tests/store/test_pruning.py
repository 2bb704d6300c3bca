"""What ended long ago is forgotten, and the books still balance."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, func, select, update

from bellwire.model.delivery import FINAL, State
from bellwire.store import amendments, books, deliveries, pruning, tables
from bellwire.store.bites import AT_ONCE
from bellwire.store.database import Database
from tests.store.examples import ANNA, BERT, CLEO, LATER, TENANT, a_delivery, accepted, ending, new_id

LONG_AFTER = LATER + timedelta(days=1)


def rows(conn: Connection, table: str) -> int:
    return conn.execute(select(func.count()).select_from(tables.metadata.tables[table])).scalar_one()


async def prune(database: Database, most: int = AT_ONCE) -> int:
    return await database.write(partial(pruning.prune, before=LONG_AFTER, tenant_id=TENANT, most=most))


@pytest.mark.parametrize("state", sorted(FINAL))
async def test_what_ended_goes_with_its_message_and_the_books_keep_it(database: Database, state: State) -> None:
    (delivery,) = await accepted(database, a_delivery())
    await database.write(ending(delivery, state))
    kept = await database.read(books.read)

    assert await prune(database) == 1

    assert await database.read(lambda conn: deliveries.get(conn, delivery.id)) is None
    assert await database.read(partial(rows, table="messages")) == 0
    assert await database.read(books.read) == kept
    assert await database.read(books.audit) == []


async def test_what_is_open_or_ended_lately_or_is_anothers_stays(database: Database) -> None:
    still_open, recent, theirs = await accepted(database, a_delivery(ANNA), a_delivery(BERT), a_delivery(CLEO))
    await database.write(ending(recent, State.SENT))
    await database.write(ending(theirs, State.SENT))
    await database.write(
        lambda conn: conn.execute(
            update(tables.deliveries).where(tables.deliveries.c.id == recent.id).values(finished_at=LONG_AFTER)
        )
    )

    assert await prune(database) == 0

    for delivery in (still_open, recent, theirs):
        assert await database.read(partial(deliveries.get, delivery_id=delivery.id)) is not None


async def test_all_senders_of_a_tenant_are_forgotten_together_and_each_ones_books_keep_it(database: Database) -> None:
    ended = await accepted(database, a_delivery(ANNA), a_delivery(BERT), a_delivery(replace(ANNA, sender="news")))
    for delivery, state in zip(ended, (State.SENT, State.EXPIRED, State.SENT), strict=True):
        await database.write(ending(delivery, state))
    kept = await database.read(books.read)

    assert await prune(database) == 3

    assert await database.read(books.read) == kept
    assert await database.read(books.audit) == []


async def test_a_message_stays_as_long_as_one_of_its_deliveries(database: Database) -> None:
    first = a_delivery(ANNA)
    second = a_delivery(BERT, message_id=first.delivery.message_id)
    one, other = await accepted(database, first, replace(second, message=None))
    await database.write(ending(one, State.SENT))
    assert await prune(database) == 1
    assert await database.read(partial(rows, table="messages")) == 1

    await database.write(ending(other, State.SENT))
    assert await prune(database) == 1
    assert await database.read(partial(rows, table="messages")) == 0


async def test_it_goes_on_in_small_pieces(database: Database) -> None:
    for delivery in await accepted(database, *(a_delivery() for _ in range(5))):
        await database.write(ending(delivery, State.EXPIRED))

    assert [await prune(database, most=2) for _ in range(4)] == [2, 2, 1, 0]
    assert await database.read(books.audit) == []


async def test_an_audit_finds_what_was_lost_and_not_pruned(database: Database) -> None:
    one, other = await accepted(database, a_delivery(), a_delivery())
    await database.write(ending(one, State.SENT))
    await prune(database)
    await database.write(
        lambda conn: conn.execute(tables.deliveries.delete().where(tables.deliveries.c.id == other.id))
    )

    (difference,) = await database.read(books.audit)

    assert (difference.counter, difference.kept, difference.counted) == ("accepted", 2, 1)


async def test_one_that_somebody_wants_to_take_back_stays_until_that_is_over(database: Database) -> None:
    (delivery,) = await accepted(database, a_delivery(conversation_id="a:1", service_url="https://teams.example/"))
    await database.write(ending(delivery, State.SENT))
    wish = new_id()
    await database.write(lambda conn: amendments.take_back(conn, delivery.id, new_id=wish, now=LATER))
    assert await prune(database) == 0

    over = {"state": "done", "finished_at": LATER}
    await database.write(lambda conn: conn.execute(update(tables.amendments).values(over)))
    assert await prune(database) == 1
    assert await database.read(partial(rows, table="amendments")) == 0
