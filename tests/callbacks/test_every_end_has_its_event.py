"""However a delivery ends, the event is written with it, in the same transaction; for nothing else there is one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, delete, update

from bellwire.delivery.upkeep import rescue
from bellwire.model.delivery import Delivery, State
from bellwire.model.outcome import Step
from bellwire.model.reason import Reason
from bellwire.store import amendments, callbacks, deliveries, expiry, journal, lanes, outbox, queue, tables, workers
from bellwire.store.database import Database
from bellwire.store.journal import Begun, Result
from bellwire.store.lanes import LaneKey
from bellwire.store.queue import Want
from tests.callbacks.receivers import Office
from tests.store.examples import ANNA, BERT, LATER, NOW, TENANT, a_delivery, accepted, new_id

URL = "https://receiver.example/hook"
LANE = LaneKey("alerts", TENANT)
LEASE = timedelta(minutes=2)


async def waiting(database: Database, callback_id: str) -> list[Delivery]:
    """What is still to be told, as it would be."""
    claim = partial(outbox.claim, callback_id=callback_id, most=100, now=LATER, lease=LEASE)
    return [told.delivery for told in await database.write(claim)]


async def claimed(database: Database, delivery: Delivery, worker: str = "w") -> None:
    await database.write(partial(workers.register, worker=worker, process=None, now=NOW))
    await database.write(partial(lanes.own, worker=worker, keys=[LANE]))
    want = Want(TENANT, "alerts", delivery.priority, 10)
    assert await database.write(partial(queue.claim, worker=worker, wants=[want], now=NOW))


def result(delivery: Delivery, state: State, **more: object) -> Result:
    return Result(delivery.id, NOW, LANE, 1, state, LATER, **more)  # type: ignore[arg-type]  # fields of any type


async def sent(database: Database, delivery: Delivery) -> None:
    await claimed(database, delivery)
    over = result(delivery, State.SENT, activity_id="1:1")
    await database.write(partial(journal.record, worker="w", results=[over]))


async def undeliverable(database: Database, delivery: Delivery) -> None:
    await claimed(database, delivery)
    over = result(delivery, State.UNDELIVERABLE, reason=Reason.BLOCKED)
    await database.write(partial(journal.record, worker="w", results=[over]))


async def unknown(database: Database, delivery: Delivery) -> None:
    """Its worker died after the request was begun."""
    await claimed(database, delivery)
    begun = Begun(delivery.id, NOW, 1, Step.POST, NOW)
    await database.write(partial(journal.begin, worker="w", starting=[begun], now=NOW))
    assert await database.write(partial(rescue, worker="w", now=LATER)) == 1


async def cancelled(database: Database, delivery: Delivery) -> None:
    await database.write(partial(deliveries.cancel, delivery_id=delivery.id, now=LATER))


async def taken_back(database: Database, delivery: Delivery) -> None:
    await database.write(partial(amendments.take_back, delivery_id=delivery.id, new_id=new_id(), now=LATER))


async def expired(database: Database, delivery: Delivery) -> None:
    assert await database.write(partial(expiry.expire, now=LATER)) == 1


Way = Callable[[Database, Delivery], Awaitable[None]]
WAYS: dict[Way, State] = {
    sent: State.SENT,
    undeliverable: State.UNDELIVERABLE,
    unknown: State.UNKNOWN,
    cancelled: State.CANCELLED,
    taken_back: State.CANCELLED,
    expired: State.EXPIRED,
}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_each_way_to_end_is_told(office: Office, way: Way) -> None:
    database = office.database
    callback_id = await office.subscribe(URL)
    (delivery,) = await accepted(database, a_delivery(expires_at=LATER, caller_reference="build-4711"))
    assert await waiting(database, callback_id) == []

    await way(database, delivery)

    (told,) = await waiting(database, callback_id)
    assert told.state is WAYS[way]
    assert told == await database.read(partial(deliveries.get, delivery_id=delivery.id))


async def test_what_ends_as_it_is_accepted_is_told(office: Office) -> None:
    callback_id = await office.subscribe(URL)
    await accepted(office.database, a_delivery(state=State.UNDELIVERABLE, reason=Reason.BLOCKED, finished_at=NOW))
    assert [told.state for told in await waiting(office.database, callback_id)] == [State.UNDELIVERABLE]


async def test_what_goes_back_into_the_queue_is_not_told(office: Office) -> None:
    callback_id = await office.subscribe(URL)
    (delivery,) = await accepted(office.database, a_delivery())
    await claimed(office.database, delivery)
    await office.database.write(partial(journal.record, worker="w", results=[result(delivery, State.QUEUED)]))
    assert await waiting(office.database, callback_id) == []


async def test_an_end_that_is_rolled_back_is_not_told(office: Office) -> None:
    callback_id = await office.subscribe(URL)
    first, second = await accepted(office.database, a_delivery(), a_delivery(BERT))

    def cancel_and_fail(conn: Connection) -> None:
        deliveries.cancel(conn, first.id, LATER)
        raise LookupError

    results = await asyncio.gather(
        office.database.write(cancel_and_fail), cancelled(office.database, second), return_exceptions=True
    )
    assert isinstance(results[0], LookupError)
    assert [told.id for told in await waiting(office.database, callback_id)] == [second.id]


async def test_the_event_outlives_the_row_that_it_tells_of(office: Office) -> None:
    callback_id = await office.subscribe(URL)
    (delivery,) = await accepted(office.database, a_delivery())
    await cancelled(office.database, delivery)
    await office.database.write(lambda conn: conn.execute(delete(tables.deliveries)))
    assert [told.id for told in await waiting(office.database, callback_id)] == [delivery.id]


async def test_what_was_changed_since_is_told_as_it_was(office: Office) -> None:
    callback_id = await office.subscribe(URL)
    (delivery,) = await accepted(office.database, a_delivery())
    await sent(office.database, delivery)
    await office.database.write(lambda conn: conn.execute(update(tables.deliveries).values(changed_at=LATER)))
    (told,) = await waiting(office.database, callback_id)
    assert told.changed_at is None


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({}, True),
        ({"only_sender": "alerts"}, True),
        ({"only_sender": "crm"}, False),
        ({"only_reference": "build-4711"}, True),
        ({"only_reference": "build"}, False),
        ({"only_key_id": "k1"}, True),
        ({"only_key_id": "k2"}, False),
        ({"only_sender": "alerts", "only_key_id": "k2"}, False),
    ],
)
async def test_only_what_was_asked_for_is_told(office: Office, wish: dict[str, str], told: bool) -> None:
    callback_id = await office.subscribe(URL, **wish)
    new = a_delivery(ANNA, caller_reference="build-4711")
    (delivery,) = await accepted(office.database, type(new)(delivery=new.delivery, message=new.message, key_id="k1"))
    await cancelled(office.database, delivery)
    assert (await waiting(office.database, callback_id) != []) is told


async def test_each_callback_has_an_event_of_its_own(office: Office) -> None:
    ids = [await office.subscribe(f"{URL}/{number}") for number in range(3)]
    (delivery,) = await accepted(office.database, a_delivery())
    await cancelled(office.database, delivery)
    assert [[told.id for told in await waiting(office.database, each)] for each in ids] == [[delivery.id]] * 3


async def test_a_callback_that_is_removed_takes_its_events_along(office: Office) -> None:
    callback_id = await office.subscribe(URL)
    await office.end()
    assert await office.database.write(partial(callbacks.remove, callback_id=callback_id, now=office.clock()))
    assert await office.database.read(callbacks.backlogs) == {}
    await office.database.write(partial(callbacks.sweep, callback_id=callback_id))
    assert await office.database.read(callbacks.over) == []
