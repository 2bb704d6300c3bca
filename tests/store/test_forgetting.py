"""What is kept for a time only goes in bites, each in a transaction of its own, and nothing else goes with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, Table, func, insert, select, update

from bellwire.model.delivery import State
from bellwire.store import idempotency, names, outbox, repairs, tables, workers
from bellwire.store.bites import AT_ONCE
from bellwire.store.database import Database
from bellwire.store.repairs import RepairState
from tests.store.examples import ANNA, BERT, LATER, NOW, TENANT, a_delivery, accepted

MORE = AT_ONCE + 3
LONG_AGO = NOW - timedelta(days=365)
Row = Mapping[str, Any]


def an_idempotency_key(number: int, *, over: bool) -> Row:
    return {
        **{"caller": "caller", "key": f"key-{number}", "body_hash": "hash", "delivery_id": "delivery"},
        **{"created_at": LONG_AGO, "expires_at": NOW if over else LATER},
    }


def a_name(number: int, *, over: bool) -> Row:
    found_at = LONG_AGO if over else NOW
    whose = {"tenant_id": TENANT, "kind": "upn", "aad_object_id": ANNA.aad_object_id}
    return {**whose, "name": f"anna{number}@contoso.example", "found_at": found_at}


def an_event(number: int, *, over: bool) -> Row:
    given_up_at = LONG_AGO if over else LATER
    what = {"callback_id": "callback", "event": "delivery.ended", "content": "{}", "made_at": NOW, "tries": 9}
    return {**what, "id": f"ended_{number}", "given_up_at": given_up_at}


def a_repair(number: int, *, over: bool) -> Row:
    finished_at = LONG_AGO if over else LATER
    whose = {"tenant_id": TENANT, "sender": "alerts", "aad_object_id": f"person-{number}"}
    what = {"asked_at": NOW, "run_at": NOW, "attempts": 1, "finished_at": finished_at}
    return {**whose, **what, "id": f"repair-{number}", "state": RepairState.OPENED}


def a_worker(number: int, *, over: bool) -> Row:
    stopped_at = LONG_AGO if over else LATER
    return {"id": f"worker-{number}", "started_at": LONG_AGO, "heartbeat_at": LONG_AGO, "stopped_at": stopped_at}


def a_callback(conn: Connection) -> None:
    row = {"id": "callback", "key_id": "key", "url": "https://caller.example/", "events": "delivery.ended"}
    conn.execute(insert(tables.callbacks).values(**row, secret="secret", created_at=NOW, failures=0))


def count(conn: Connection, table: Table) -> int:
    return conn.execute(select(func.count()).select_from(table)).scalar_one()


@pytest.mark.parametrize(
    ("table", "row", "prune"),
    [
        (tables.idempotency_keys, an_idempotency_key, partial(idempotency.prune, now=NOW)),
        (tables.names, a_name, partial(names.prune, now=NOW)),
        (tables.callback_events, an_event, partial(outbox.prune, before=NOW)),
        (tables.repairs, a_repair, partial(repairs.prune, before=NOW)),
        (tables.workers, a_worker, partial(workers.prune, before=NOW)),
    ],
    ids=lambda each: each.name if isinstance(each, Table) else "",
)
async def test_what_is_over_goes_in_bites_and_what_is_not_stays(
    database: Database, table: Table, row: Callable[..., Row], prune: Callable[[Connection], int]
) -> None:
    rows = [row(number, over=number < MORE) for number in range(MORE + 2)]
    await database.write(a_callback)
    await database.write(lambda conn: conn.execute(insert(table), rows).close())

    assert [await database.write(prune) for _ in range(3)] == [AT_ONCE, MORE - AT_ONCE, 0]

    assert await database.read(partial(count, table=table)) == 2


async def test_a_repair_that_is_under_way_stays_however_old_it_is(database: Database) -> None:
    await database.write(partial(repairs.ask, persons=[ANNA], now=LONG_AGO, new_id=lambda: "repair"))

    assert await database.write(partial(repairs.prune, before=LATER)) == 0
    assert [each.person for each in await database.read(partial(repairs.page, tenants=[TENANT]))] == [ANNA]


async def test_somebody_whose_repair_was_forgotten_can_be_asked_for_again(database: Database) -> None:
    over = {**a_repair(1, over=True), "aad_object_id": BERT.aad_object_id}
    await database.write(lambda conn: conn.execute(insert(tables.repairs).values(over)).close())
    await database.write(partial(repairs.prune, before=NOW))
    await database.write(partial(repairs.ask, persons=[BERT], now=NOW, new_id=lambda: "another"))

    (found,) = await database.read(partial(repairs.page, tenants=[TENANT]))
    assert (found.id, found.state) == ("another", RepairState.QUEUED)


async def test_a_worker_that_lives_or_still_holds_something_stays(database: Database) -> None:
    await database.write(partial(workers.register, worker="alive", process=None, now=LONG_AGO))
    await database.write(lambda conn: conn.execute(insert(tables.workers).values(a_worker(1, over=True))).close())
    (held,) = await accepted(database, a_delivery())
    in_hand = {"state": State.SENDING, "claimed_by": "worker-1", "claimed_at": LONG_AGO}
    await database.write(
        lambda conn: conn.execute(
            update(tables.deliveries).where(tables.deliveries.c.id == held.id).values(in_hand)
        ).close()
    )

    assert await database.write(partial(workers.prune, before=NOW)) == 0
    assert [each.id for each in await database.read(workers.orphans)] == ["worker-1"]
