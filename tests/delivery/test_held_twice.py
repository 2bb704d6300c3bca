"""What a worker says again of something that it held before does nothing to what it holds now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, Table, select

from bellwire.delivery.decision import Decision
from bellwire.delivery.endings import ending, write_down
from bellwire.delivery.starter import begin
from bellwire.delivery.work import Work
from bellwire.model.delivery import State
from bellwire.model.outcome import Retry, Step
from bellwire.store import amendment_queue, queue, repair_queue, repairs, tables
from bellwire.store.journal import Begun

from .engine import NOW, Engine, person, work
from .test_amendments import change, new_id, wish
from .test_claims import KEY, WANT, hire

ANNA = person(1)
FIRST, SECOND, THIRD = (NOW + timedelta(seconds=number) for number in range(1, 4))


async def a_delivery(engine: Engine) -> dict[str, Any]:
    (delivery_id,) = await engine.accept(ANNA)
    return {"delivery_id": delivery_id, "step": Step.POST}


async def an_amendment(engine: Engine) -> dict[str, Any]:
    done = {"activity_id": "1:1", "conversation_id": "a:1", "service_url": "https://teams.example/"}
    (delivery_id,) = await engine.accept(ANNA, state=State.SENT, finished_at=NOW, **done)
    amendment_id = wish(await change(engine, delivery_id))
    return {"delivery_id": delivery_id, "amendment_id": amendment_id, "step": Step.CHANGE}


async def a_repair(engine: Engine) -> dict[str, Any]:
    repair_id = new_id(engine)
    await engine.database.write(partial(repairs.ask, persons=[ANNA], now=NOW, new_id=lambda: repair_id))
    return {"repair_id": repair_id, "step": Step.OPEN_CHAT}


Claim = Callable[[Connection, datetime], Any]
Saying = Callable[[Connection, Work], set[str]]
KINDS: dict[Any, tuple[Table, Claim]] = {
    a_delivery: (tables.deliveries, lambda conn, now: queue.claim(conn, "w", [WANT], now)),
    an_amendment: (tables.amendments, lambda conn, now: amendment_queue.claim(conn, "w", {KEY: now}, now, most=1)),
    a_repair: (tables.repairs, lambda conn, now: repair_queue.claim(conn, "w", KEY, now, 1)),
}


def returned(conn: Connection, held: Work) -> set[str]:
    """It is given back."""
    return write_down(conn, [], [(held, NOW)], THIRD)


def tried_again(conn: Connection, held: Work) -> set[str]:
    """It is to be tried again."""
    decision = Decision(state=State.QUEUED, run_at=NOW)
    return write_down(conn, [ending(held, Retry(503, "ServiceUnavailable"), decision, THIRD)], [], THIRD)


def begun(conn: Connection, held: Work) -> set[str]:
    """It begins."""
    starting = Begun(*(held.delivery_id, held.claimed_at, 1, held.step, THIRD), held.amendment_id, held.repair_id)
    return begin(conn, "w", [starting], THIRD)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("says", [returned, tried_again, begun])
async def test_what_is_said_of_the_first_holding_leaves_the_second(engine: Engine, kind: Any, says: Saying) -> None:
    await hire(engine.database, "w", KEY)
    what, (table, claim) = await kind(engine), KINDS[kind]
    first, second = (work(ANNA, claimed_at=at, **what) for at in (FIRST, SECOND))
    holding = select(table.c.state, table.c.claimed_at).where(table.c.id == first.key)

    assert await engine.database.write(lambda conn: claim(conn, FIRST))
    await engine.database.write(lambda conn: returned(conn, first))
    assert await engine.database.write(lambda conn: claim(conn, SECOND))

    assert await engine.database.write(lambda conn: says(conn, first)) == set()
    assert tuple(await engine.database.read(lambda conn: conn.execute(holding).one())) == ("sending", SECOND)
    said = await engine.database.write(lambda conn: says(conn, second))
    assert says is returned or said == {second.key}
