"""The books: they move with the rows, and balance at every instant."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, update

from bellwire.model.delivery import FINAL, Delivery, State
from bellwire.store import books, deliveries, tables
from bellwire.store.books import Book, Difference
from bellwire.store.database import Database
from tests.store.examples import ANNA, BERT, CLEO, LATER, TENANT, a_delivery, accepted, ending, new_id

NOTHING = dict.fromkeys(map(str, tables.COUNTERS), 0)
PEOPLE = (ANNA, BERT, CLEO)


async def test_the_books_begin_empty(database: Database) -> None:
    assert await database.read(books.read) == []
    assert await database.read(books.audit) == []


async def test_accepting_and_ending_moves_the_books(database: Database) -> None:
    new = await accepted(database, *(a_delivery(person) for person in (ANNA, BERT, CLEO, ANNA)))
    await database.write(ending(new[0], State.SENT))
    await database.write(ending(new[1], State.UNKNOWN))
    await database.write(lambda conn: deliveries.cancel(conn, new[2].id, LATER))

    cleo, ours = await database.read(books.read)

    assert cleo == Book(tenant_id=CLEO.tenant_id, sender="alerts", **NOTHING | {"accepted": 1, "cancelled": 1})
    assert ours == Book(tenant_id=TENANT, sender="alerts", **NOTHING | {"accepted": 3, "sent": 1, "unknown": 1})
    assert (cleo.open, ours.open) == (0, 1)
    assert await database.read(books.audit) == []
    assert await database.read(lambda conn: books.read(conn, tenants=[TENANT])) == [ours]


async def test_what_was_refused_at_once_counts_as_accepted_and_ended(database: Database) -> None:
    refused = a_delivery(state=State.UNDELIVERABLE, reason="never_seen", finished_at=LATER)
    await accepted(database, refused)

    (book,) = await database.read(books.read)

    assert (book.accepted, book.undeliverable, book.open) == (1, 1, 0)


async def test_an_operation_that_fails_does_not_move_the_books(database: Database) -> None:
    def accept_and_fail(conn: Connection) -> None:
        deliveries.accept(conn, [a_delivery()])
        raise LookupError

    await asyncio.gather(
        *(database.write(accept_and_fail) for _ in range(5)),
        *(accepted(database, a_delivery()) for _ in range(5)),
        return_exceptions=True,
    )

    (book,) = await database.read(books.read)
    assert book.accepted == 5
    assert await database.read(books.audit) == []


async def test_books_that_could_not_be_true_are_refused(database: Database) -> None:
    """Ending more than was accepted fails, and takes nobody else along."""
    results = await asyncio.gather(
        accepted(database, a_delivery()),
        database.write(lambda conn: books.move(conn, "alerts", TENANT, State.SENT, 5)),
        accepted(database, a_delivery()),
        return_exceptions=True,
    )

    assert [isinstance(result, Exception) for result in results] == [False, True, False]
    assert await database.read(books.audit) == []


async def test_an_audit_finds_what_does_not_agree_with_the_rows(database: Database) -> None:
    await accepted(database, a_delivery(ANNA), a_delivery(CLEO))
    ours, theirs = tables.books.c.tenant_id == TENANT, tables.books.c.tenant_id != TENANT
    await database.write(lambda conn: conn.execute(update(tables.books).where(ours).values(accepted=7)))
    await database.write(lambda conn: conn.execute(delete(tables.books).where(theirs)))

    found = await database.read(books.audit)

    expected = partial(Difference, sender="alerts", counter="accepted")
    assert found == [
        expected(tenant_id=CLEO.tenant_id, kept=0, counted=1),
        expected(tenant_id=TENANT, kept=7, counted=1),
    ]


async def test_two_services_that_move_the_same_books_do_not_block_one_another(
    database: Database, database_url: str
) -> None:
    other = Database(database_url)
    await other.start()
    orders = ([ANNA, CLEO], [CLEO, ANNA])
    await asyncio.gather(
        *(
            accepted(service, *(a_delivery(person) for person in order))
            for _ in range(10)
            for service, order in zip((database, other), orders, strict=True)
        )
    )
    await other.close()

    assert [book.accepted for book in await database.read(books.read)] == [20, 20]
    assert await database.read(books.audit) == []


class Story:
    """A run of the store against a model: which delivery ought to be in which state."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.states = dict[str, State]()
        self._known = dict[str, Delivery]()

    async def accept(self, number: int) -> None:
        self._learn(await accepted(self._database, *(a_delivery(PEOPLE[i % 3]) for i in range(number % 4))))

    async def cancel(self, number: int) -> None:
        await self._change(number, partial(deliveries.cancel, now=LATER))

    async def resend(self, number: int) -> None:
        await self._change(number, partial(deliveries.resend, now=LATER, new_id=new_id()))

    async def end(self, number: int) -> None:
        open_ = [id_ for id_, state in self.states.items() if not state.final]
        if open_:
            chosen, state = open_[number % len(open_)], sorted(FINAL)[number % len(FINAL)]
            await self._database.write(ending(self._known[chosen], state))
            self.states[chosen] = state

    async def _change(self, number: int, op: Callable[..., Any]) -> None:
        if self.states:
            chosen = list(self.states)[number % len(self.states)]
            change = await self._database.write(partial(op, delivery_id=chosen))
            self._learn([change.delivery])

    def _learn(self, found: list[Delivery]) -> None:
        self._known.update({delivery.id: delivery for delivery in found})
        self.states.update({delivery.id: delivery.state for delivery in found})


ACTS = st.tuples(st.sampled_from(["accept", "cancel", "resend", "end"]), st.integers(0, 50))


@given(acts=st.lists(ACTS, max_size=25))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_books_balance_whatever_happens(database: Database, acts: list[tuple[str, int]]) -> None:
    for table in (tables.deliveries, tables.messages, tables.books):
        await database.write(partial(Connection.execute, statement=delete(table)))
    story = Story(database)
    for act, number in acts:
        await getattr(story, act)(number)

        assert await database.read(books.audit) == []

    kept = await database.read(books.read)
    assert sum(book.accepted for book in kept) == len(story.states)
    assert sum(book.open for book in kept) == sum(not state.final for state in story.states.values())
    for state in FINAL:
        assert sum(getattr(book, state) for book in kept) == list(story.states.values()).count(state)
    assert {each.id: each.state for each in await database.read(deliveries.page)} == story.states


@pytest.mark.parametrize("state", sorted(FINAL))
async def test_every_end_has_its_counter(database: Database, state: State) -> None:
    (delivery,) = await accepted(database, a_delivery())
    await database.write(ending(delivery, state))

    (book,) = await database.read(books.read)

    assert getattr(book, state) == 1
    assert book.open == 0
