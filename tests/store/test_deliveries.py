"""Deliveries: accepted, read, listed, cancelled, sent again."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from bellwire.model.delivery import IfUnreachable, OnUnknown, Priority, State
from bellwire.model.message import Message
from bellwire.model.reason import Reason
from bellwire.model.recipient import Recipient, RecipientKind
from bellwire.store import deliveries, gauges, messages, tables
from bellwire.store.database import Database
from bellwire.store.deliveries import NewDelivery
from tests.store.examples import ANNA, BERT, CLEO, LATER, NOW, TENANT, a_delivery, accepted, ending, new_id

BAD_ENDS = [State.UNKNOWN, State.UNDELIVERABLE, State.EXPIRED, State.CANCELLED]


async def test_a_delivery_comes_back_as_it_was_accepted(database: Database) -> None:
    new = a_delivery(
        recipient=Recipient(RecipientKind.UPN, "Änna@example.org", TENANT),
        priority=Priority.URGENT,
        run_at=LATER,
        expires_at=LATER,
        if_unreachable=IfUnreachable.WAIT,
        on_unknown=OnUnknown.RESEND,
        caller_reference="order 7 — ✓",
    )
    await accepted(database, new)

    assert await database.read(lambda conn: deliveries.get(conn, new.delivery.id)) == new.delivery


async def test_the_text_is_stored_once_for_many_deliveries(database: Database) -> None:
    first = a_delivery(ANNA)
    second = a_delivery(BERT, message_id=first.delivery.message_id)
    await accepted(database, first, replace(second, message=first.message))

    stored = await database.read(lambda conn: conn.execute(select(tables.messages.c.text)).scalars().all())

    assert stored == ["Hello"]


async def test_a_card_keeps_its_shape(database: Database) -> None:
    card = {"type": "AdaptiveCard", "body": [{"b": 1, "a": [None, True, 1.5, "ß"]}]}
    message = Message(id=new_id(), card=card, summary="A card")
    await database.write(lambda conn: messages.add(conn, [message], NOW))

    assert await database.read(lambda conn: messages.get(conn, message.id)) == message


async def test_a_message_that_nobody_stored_is_not_found(database: Database) -> None:
    assert await database.read(lambda conn: messages.get(conn, "none")) is None
    assert await database.read(lambda conn: deliveries.get(conn, "none")) is None
    assert await database.read(lambda conn: deliveries.get_with_attempts(conn, "none")) is None


async def test_a_list_that_holds_one_bad_delivery_is_refused_as_a_whole(database: Database) -> None:
    bad = a_delivery(state=State.SENT, finished_at=NOW)

    with pytest.raises(IntegrityError, match="ck_deliveries_sent"):
        await accepted(database, a_delivery(), bad)

    assert await database.read(lambda conn: deliveries.page(conn)) == []


def by_state(conn: Connection) -> dict[State, int]:
    """How many deliveries are in each state that any are in."""
    found = Counter[State]()
    for (_, state), number in gauges.read(conn).deliveries.items():
        found[state] += number
    return {state: number for state, number in found.items() if number}


async def test_thousands_are_accepted_in_one_call(database: Database) -> None:
    message = Message(id=new_id(), text="Hello")
    many = [replace(a_delivery(message_id=message.id), message=message) for _ in range(9_001)]
    await accepted(database, *many)

    assert (await database.read(by_state))[State.QUEUED] == 9_001


async def test_pages_go_from_the_newest_to_the_oldest(database: Database) -> None:
    new = await accepted(database, *(a_delivery(person) for person in (ANNA, BERT, CLEO, ANNA, BERT)))
    newest_first = [delivery.id for delivery in reversed(new)]

    first = await database.read(lambda conn: deliveries.page(conn, limit=2))
    second = await database.read(lambda conn: deliveries.page(conn, after=first[-1].id))

    assert [delivery.id for delivery in (*first, *second)] == newest_first


async def test_pages_can_be_narrowed(database: Database) -> None:
    anna, bert, cleo = await accepted(
        database, a_delivery(ANNA), a_delivery(BERT, state=State.WAITING), a_delivery(CLEO)
    )

    async def found(**narrowed: object) -> list[str]:
        page = await database.read(lambda conn: deliveries.page(conn, **narrowed))  # type: ignore[arg-type]  # by name
        return [delivery.id for delivery in page]

    assert await found(tenants=[TENANT]) == [bert.id, anna.id]
    assert await found(tenants=[]) == []
    assert await found(aad_object_id=CLEO.aad_object_id) == [cleo.id]
    assert await found(state=State.WAITING) == [bert.id]
    assert await found(sender="another") == []


@pytest.mark.parametrize("state", [State.QUEUED, State.WAITING])
async def test_what_is_not_under_way_can_be_cancelled(database: Database, state: State) -> None:
    (delivery,) = await accepted(database, a_delivery(state=state))

    change = await database.write(lambda conn: deliveries.cancel(conn, delivery.id, LATER))

    assert change is not None
    assert change.done
    assert change.delivery == await database.read(lambda conn: deliveries.get(conn, delivery.id))
    assert (change.delivery.state, change.delivery.reason) == (State.CANCELLED, Reason.CANCELLED)
    assert change.delivery.finished_at == LATER


async def test_what_is_being_sent_cannot_be_cancelled(database: Database) -> None:
    (delivery,) = await accepted(database, a_delivery())
    claimed = {"state": State.SENDING, "claimed_by": "w", "claimed_at": NOW}
    await database.write(lambda conn: conn.execute(update(tables.deliveries), claimed))

    change = await database.write(lambda conn: deliveries.cancel(conn, delivery.id, LATER))

    assert change is not None
    assert (change.done, change.delivery.state) == (False, State.SENDING)


async def test_of_many_cancels_at_once_one_does_it(database: Database) -> None:
    (delivery,) = await accepted(database, a_delivery())

    changes = await asyncio.gather(
        *(database.write(lambda conn: deliveries.cancel(conn, delivery.id, LATER)) for _ in range(20))
    )

    assert sum(change is not None and change.done for change in changes) == 1


async def test_nobody_can_cancel_what_does_not_exist(database: Database) -> None:
    assert await database.write(lambda conn: deliveries.cancel(conn, "none", NOW)) is None
    assert await database.write(lambda conn: deliveries.resend(conn, "none", new_id="x", now=NOW)) is None


@pytest.mark.parametrize("state", BAD_ENDS)
async def test_what_ended_badly_can_be_sent_again_as_a_new_delivery(database: Database, state: State) -> None:
    (delivery,) = await accepted(database, a_delivery(caller_reference="7"))
    await database.write(ending(delivery, state))

    change = await database.write(lambda conn: deliveries.resend(conn, delivery.id, new_id=new_id(), now=LATER))

    assert change is not None
    assert change.done
    again = change.delivery
    assert (again.state, again.resend_of, again.message_id) == (State.QUEUED, delivery.id, delivery.message_id)
    assert (again.run_at, again.caller_reference) == (LATER, "7")
    assert await database.read(lambda conn: deliveries.get(conn, again.id)) == again
    assert (await database.read(by_state))[state] == 1


@pytest.mark.parametrize("state", [State.QUEUED, State.SENT])
async def test_what_is_open_or_was_sent_is_not_sent_again(database: Database, state: State) -> None:
    (delivery,) = await accepted(database, a_delivery())
    if state is State.SENT:
        await database.write(ending(delivery, state))

    change = await database.write(lambda conn: deliveries.resend(conn, delivery.id, new_id=new_id(), now=LATER))

    assert change is not None
    assert (change.done, change.delivery.id, change.delivery.state) == (False, delivery.id, state)


async def test_of_many_resends_at_once_one_does_it_and_the_others_find_it(database: Database) -> None:
    (delivery,) = await accepted(database, a_delivery())
    await database.write(ending(delivery, State.UNKNOWN))

    changes = await asyncio.gather(
        *(
            database.write(lambda conn: deliveries.resend(conn, delivery.id, new_id=new_id(), now=LATER))
            for _ in range(20)
        )
    )

    found = [change for change in changes if change is not None]
    assert sum(change.done for change in found) == 1
    assert len({change.delivery.id for change in found}) == 1


async def test_counts_know_every_state(database: Database) -> None:
    new = await accepted(database, *(a_delivery() for _ in range(6)), a_delivery(state=State.WAITING))
    for delivery, state in zip(new, (State.SENT, State.SENT, State.UNKNOWN, State.EXPIRED), strict=False):
        await database.write(ending(delivery, state))

    counted = await database.read(by_state)

    assert counted == {
        State.SENT: 2,
        State.UNKNOWN: 1,
        State.EXPIRED: 1,
        State.QUEUED: 2,
        State.WAITING: 1,
    }


async def test_nothing_is_accepted_with_an_empty_list(database: Database) -> None:
    assert await database.write(lambda conn: deliveries.accept(conn, list[NewDelivery]())) == []
