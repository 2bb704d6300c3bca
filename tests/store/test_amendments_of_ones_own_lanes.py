"""A worker is told of the amendments of its own lanes, and takes those, the lane that waits for longest first."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, insert

from bellwire.model.delivery import State
from bellwire.store import amendment_queue, lanes, tables, workers
from bellwire.store.amendment_queue import ClaimedAmendment
from bellwire.store.database import Database
from bellwire.store.lanes import LaneKey
from tests.store.examples import ANNA, CLEO, LATER, NOW, a_delivery, accepted, ending, new_id

NEWS = replace(ANNA, sender="news")
MINE, MINE_TOO, ANOTHERS = (
    LaneKey("alerts", ANNA.tenant_id),
    LaneKey("news", ANNA.tenant_id),
    LaneKey("alerts", CLEO.tenant_id),
)


def wish(conn: Connection, delivery_id: str, key: LaneKey, run_at: datetime) -> str:
    id_, whose = new_id(), {"tenant_id": key.tenant_id, "sender": key.sender, "aad_object_id": ANNA.aad_object_id}
    what = {"delivery_id": delivery_id, "step": "take_back", "state": "queued", "run_at": run_at, "accepted_at": NOW}
    conn.execute(insert(tables.amendments).values(id=id_, **whose, **what))
    return id_


async def wished(database: Database, *due: tuple[LaneKey, datetime]) -> list[str]:
    """Wishes about as many messages, due at these times; the worker ``w`` owns all lanes but one."""
    whose = {MINE: ANNA, MINE_TOO: NEWS, ANOTHERS: CLEO}
    told = [a_delivery(whose[key], conversation_id="a:1", service_url="https://teams.example/") for key, _ in due]
    wishes = list[str]()
    for delivery, (key, run_at) in zip(await accepted(database, *told), due, strict=True):
        await database.write(ending(delivery, State.SENT))
        wishes.append(await database.write(partial(wish, delivery_id=delivery.id, key=key, run_at=run_at)))
    for worker, keys in (("w", [MINE, MINE_TOO]), ("another", [ANOTHERS])):
        await database.write(partial(workers.register, worker=worker, process=None, now=NOW))
        await database.write(partial(lanes.own, worker=worker, keys=keys))
    return wishes


def claim(conn: Connection, **wanted: Any) -> list[ClaimedAmendment]:
    """What the worker gets of what is due by then."""
    return amendment_queue.claim(conn, "w", amendment_queue.next_due(conn, "w"), **wanted)


async def test_another_workers_are_neither_told_nor_taken(database: Database) -> None:
    mine, _, later = await wished(database, (MINE, NOW), (ANOTHERS, NOW), (MINE_TOO, LATER))

    due = await database.read(partial(amendment_queue.next_due, worker="w"))
    assert due == {MINE: NOW, MINE_TOO: LATER}
    for now, expected in ((NOW, [mine]), (LATER, [later])):
        taken = await database.write(partial(claim, now=now, most=9))
        assert [each.id for each in taken] == expected


async def test_the_lane_that_waits_for_longest_comes_first_and_one_that_is_shut_not_at_all(database: Database) -> None:
    ago = [NOW - timedelta(seconds=seconds) for seconds in (1, 2, 3, 4)]
    alerts, news, *more = await wished(database, (MINE, ago[0]), (MINE_TOO, ago[1]), (MINE_TOO, ago[2]), (MINE, ago[3]))

    claim_now = partial(claim, now=NOW)
    assert [each.id for each in await database.write(partial(claim_now, most=9, shut=[MINE]))] == [more[0], news]
    assert [each.id for each in await database.write(partial(claim_now, most=1))] == [more[1]]
    assert [each.id for each in await database.write(partial(claim_now, most=9))] == [alerts]
