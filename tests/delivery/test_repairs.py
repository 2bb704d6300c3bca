"""Repairs are claimed where they are due, and nowhere else."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

from sqlalchemy import Connection, event, update

from bellwire.delivery.repairs import LANES_AT_ONCE, _claimed
from bellwire.store import lanes, repair_queue, repairs, workers
from bellwire.store.lanes import LaneKey
from bellwire.store.tables import repairs as table

from .engine import NOW, Ear, Engine, person

LATER = NOW + timedelta(minutes=1)

_numbers = count()


def lane(number: int) -> LaneKey:
    return LaneKey("alerts", f"{number:08x}-86f1-41af-91ab-2d7cd011db47")


MINE = [lane(number) for number in range(50)]


def asked(conn: Connection, key: LaneKey, run_at: datetime = NOW, people: int = 3) -> None:
    persons = [person(next(_numbers), tenant=key.tenant_id) for _ in range(people)]
    repairs.ask(conn, persons, NOW, lambda: f"repair-{next(_numbers)}")
    conn.execute(update(table).where(table.c.tenant_id == key.tenant_id).values(run_at=run_at))


async def owned(engine: Engine) -> None:
    await engine.database.write(partial(workers.register, worker="w", process=None, now=NOW))
    await engine.database.write(partial(lanes.own, worker="w", keys=MINE))


def claimed(conn: Connection, now: datetime = NOW) -> tuple[set[LaneKey], int]:
    """In which lanes something was claimed, and with how many statements."""
    statements: list[str] = []

    def note(_: Any, cursor: Any, statement: str, *more: Any) -> None:
        statements.append(statement)

    event.listen(conn, "before_cursor_execute", note)
    found = _claimed(conn, "w", dict.fromkeys(MINE, 2), now)
    event.remove(conn, "before_cursor_execute", note)
    return set(found), len(statements)


async def test_lanes_with_nothing_due_cost_one_question_together(engine: Engine) -> None:
    await owned(engine)
    await engine.database.write(partial(asked, key=MINE[3], run_at=LATER))
    await engine.database.write(partial(asked, key=lane(99)))
    assert await engine.database.write(claimed) == (set(), 1)
    assert (await engine.database.write(partial(claimed, now=LATER)))[0] == {MINE[3]}


async def test_the_lane_that_waits_for_longest_comes_first(engine: Engine) -> None:
    await owned(engine)
    for number, key in enumerate(MINE):
        await engine.database.write(partial(asked, key=key, run_at=NOW - timedelta(seconds=number)))
    first, _ = await engine.database.write(claimed)
    assert first == set(MINE[-LANES_AT_ONCE:])


async def test_every_lane_with_repairs_is_known_and_when_its_next_one_is_due(engine: Engine) -> None:
    assert await engine.database.read(repair_queue.due) == {}
    for number in (2, 0, 1):
        await engine.database.write(partial(asked, key=lane(number), run_at=NOW + timedelta(seconds=number)))
    await engine.database.write(lambda conn: conn.execute(update(table).where(_one_of(2)).values(run_at=NOW)))
    assert await engine.database.read(repair_queue.due) == {
        lane(0): NOW,
        lane(1): NOW + timedelta(seconds=1),
        lane(2): NOW,
    }


def _one_of(number: int) -> Any:
    ids = table.select().with_only_columns(table.c.id).where(table.c.tenant_id == lane(number).tenant_id).limit(1)
    return table.c.id == ids.scalar_subquery()


async def test_one_that_is_due_later_is_done_when_it_is_due(engine: Engine) -> None:
    engine.clock.run()
    await engine.database.write(partial(asked, key=MINE[0], run_at=NOW + timedelta(seconds=2), people=1))
    worker = await engine.start()
    await Ear(worker.signals.recorded).next()
    assert len(engine.teams.postings) == 1
