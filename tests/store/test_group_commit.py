"""Many operations in one transaction: each fares as if it had run alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, func, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from bellwire.errors import StoreUnavailable
from bellwire.store.database import Database
from bellwire.store.pump import MOST_ITEMS, MOST_OPERATIONS, Pump, Waiting
from bellwire.store.tables import workers
from tests.store.examples import NOW


def add(conn: Connection, name: str) -> str:
    conn.execute(insert(workers).values(id=name, started_at=NOW, heartbeat_at=NOW))
    return name


def remove(conn: Connection, name: str) -> None:
    assert conn.execute(delete(workers).where(workers.c.id == name)).rowcount == 1


def add_all(conn: Connection, names: list[str]) -> list[str]:
    conn.execute(insert(workers), [{"id": name, "started_at": NOW, "heartbeat_at": NOW} for name in names])
    return [name.upper() for name in names]


def fail(conn: Connection, name: str) -> str:
    add(conn, name)
    raise LookupError(name)


def nonsense(conn: Connection, name: str) -> str:
    conn.execute(text("SELECT * FROM nowhere"))
    return name


async def stored(database: Database) -> set[str]:
    return set(await database.read(lambda conn: conn.execute(select(workers.c.id)).scalars().all()))


async def test_what_is_written_can_be_read(database: Database) -> None:
    assert await database.write(partial(add, name="a")) == "a"

    found = await database.read(lambda conn: conn.execute(select(workers.c.started_at)).scalar_one())

    assert found == NOW


async def test_operations_that_wait_together_are_committed_together(database: Database) -> None:
    """The first one is under way when the others arrive, and holds the only pump where there is one."""
    transactions = await asyncio.gather(*(database.write(transaction) for _ in range(60)))

    assert len(set(transactions)) < 30


def transaction(conn: Connection) -> object:
    return conn.get_transaction()


async def test_an_operation_that_raises_harms_no_other(database: Database) -> None:
    ops = [partial((fail, add, nonsense)[number % 3], name=str(number)) for number in range(30)]
    results = await asyncio.gather(*map(database.write, ops), return_exceptions=True)

    good = {str(number) for number in range(30) if number % 3 == 1}
    assert {result for result in results if isinstance(result, str)} == good
    assert sum(isinstance(result, LookupError) for result in results) == 10
    assert sum(isinstance(result, ProgrammingError | OperationalError) for result in results) == 10
    assert await stored(database) == good


async def test_what_raised_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(LookupError):
        await database.write(partial(fail, name="a"))

    assert await stored(database) == set()


async def test_items_of_many_callers_reach_one_operation_as_one_list(database: Database) -> None:
    sizes = list[int]()

    def op(conn: Connection, names: list[str]) -> list[str]:
        sizes.append(len(names))
        return add_all(conn, names)

    write = database.batched(op)
    results = await asyncio.gather(*(write(f"n{number}") for number in range(200)))

    assert results == [f"N{number}" for number in range(200)]
    assert sum(sizes) == 200
    assert len(sizes) < 100


async def test_one_bad_item_harms_no_other(database: Database) -> None:
    write = database.batched(add_all)
    await write("taken")

    results = await asyncio.gather(*map(write, ["a", "taken", "b", "c"]), return_exceptions=True)

    assert [result for result in results if isinstance(result, str)] == ["A", "B", "C"]
    assert isinstance(results[1], IntegrityError)
    assert await stored(database) == {"taken", "a", "b", "c"}


async def test_an_operation_that_loses_results_is_found_out(database: Database) -> None:
    write = database.batched(lambda conn, items: list[str]())

    results = await asyncio.gather(write("a"), write("b"), return_exceptions=True)

    assert all(isinstance(result, RuntimeError) for result in results)


async def test_more_than_fits_one_group_is_committed_in_several(database: Database) -> None:
    write = database.batched(lambda conn, items: [len(items)] * len(items))

    sizes = await asyncio.gather(*(write(number) for number in range(MOST_ITEMS + 1)))
    singles = await asyncio.gather(*(database.write(lambda conn: 1) for _ in range(MOST_OPERATIONS + 1)))

    assert max(sizes) <= MOST_ITEMS
    assert sum(singles) == MOST_OPERATIONS + 1


async def test_the_writes_of_one_caller_keep_their_order(database: Database) -> None:
    async def caller(name: str) -> None:
        for number in range(10):
            await database.write(partial(add, name=f"{name}{number}"))
            await database.write(partial(remove, name=f"{name}{number}"))

    await asyncio.gather(*map(caller, "abcdefgh"))

    assert await stored(database) == set()


async def test_a_caller_that_goes_away_does_not_stop_its_operation(database: Database) -> None:
    writes = [asyncio.ensure_future(database.write(partial(add, name=str(number)))) for number in range(50)]
    await asyncio.sleep(0)
    for write in writes[::2]:
        write.cancel()
    results = await asyncio.gather(*writes, return_exceptions=True)

    assert sum(isinstance(result, asyncio.CancelledError) for result in results) == 25
    assert await database.write(partial(add, name="last")) == "last"
    assert len(await stored(database)) == 51


async def test_closing_commits_what_waits_and_refuses_what_comes_later(database_url: str) -> None:
    database = Database(database_url)
    await database.start()
    writes = [asyncio.ensure_future(database.write(partial(add, name=str(number)))) for number in range(50)]
    await asyncio.sleep(0)
    await database.close()

    assert len(await asyncio.gather(*writes)) == 50
    with pytest.raises(StoreUnavailable):
        await database.write(partial(add, name="late"))
    with pytest.raises(StoreUnavailable):
        await database.batched(add_all)("late")


async def test_nothing_can_be_written_before_the_start(database_url: str) -> None:
    with pytest.raises(StoreUnavailable):
        await Database(database_url).write(partial(add, name="early"))


async def test_a_mistake_in_the_machinery_leaves_nobody_waiting() -> None:
    async def commit(seat: int, group: Sequence[Waiting]) -> None:
        raise RuntimeError(f"a mistake over {len(group)} operations in seat {seat}")

    pump = Pump(commit, seats=1)
    pump.start()
    results = await asyncio.gather(
        pump.submit(partial(add, name="a")), pump.merge(add_all, "b"), pump.merge(add_all, "c"), return_exceptions=True
    )
    await pump.stop()

    assert all(isinstance(result, StoreUnavailable) for result in results)


async def test_an_event_loop_that_ends_leaves_nobody_waiting() -> None:
    begun = asyncio.Event()

    async def commit(seat: int, group: Sequence[Waiting]) -> None:
        begun.set()
        await asyncio.Event().wait()

    pump = Pump(commit, seats=1)
    others = asyncio.all_tasks()
    pump.start()
    under_way = pump.submit(partial(add, name="a"))
    await begun.wait()
    waiting = [pump.submit(partial(add, name="b")), pump.merge(add_all, "c")]
    for task in asyncio.all_tasks() - others:
        task.cancel()
    async with asyncio.timeout(5):
        results = await asyncio.gather(under_way, *waiting, return_exceptions=True)

    assert all(isinstance(result, StoreUnavailable) for result in results)
    with pytest.raises(StoreUnavailable):
        pump.submit(partial(add, name="d"))


async def test_reads_cannot_write(database: Database) -> None:
    with pytest.raises(StoreUnavailable):
        await database.read(partial(add, name="a"))

    assert await stored(database) == set()


async def test_a_read_sees_one_state_of_what_is_committed(database: Database) -> None:
    def count_twice(conn: Connection) -> tuple[int, int]:
        return count(conn), count(conn)

    readings = asyncio.gather(*(database.read(count_twice) for _ in range(20)))
    writings = asyncio.gather(*(database.write(partial(add, name=str(number))) for number in range(20)))
    pairs, _ = await asyncio.gather(readings, writings)

    assert all(first == second for first, second in pairs)


def count(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(workers)).scalar_one()


KINDS: dict[str, Callable[..., str]] = {"add": add, "fail": fail, "nonsense": nonsense}


@given(plan=st.lists(st.tuples(st.sampled_from([*KINDS, "batched"]), st.integers(0, 6)), max_size=40))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_mix_ends_as_if_each_had_run_alone(database: Database, plan: list[tuple[str, int]]) -> None:
    """A name can be added once: of several that add it, whichever way, one succeeds; what fails by itself, fails."""
    await database.write(lambda conn: conn.execute(delete(workers)))
    write = database.batched(add_all)

    async def act(kind: str, name: str) -> str:
        return await (write(name) if kind == "batched" else database.write(partial(KINDS[kind], name=name)))

    names = [(kind, f"n{number}") for kind, number in plan]
    results = await asyncio.gather(*(act(kind, name) for kind, name in names), return_exceptions=True)

    adding = {name for kind, name in names if kind in {"add", "batched"}}
    succeeded = [result.lower() for result in results if isinstance(result, str)]
    assert sorted(succeeded) == sorted(adding)
    assert await stored(database) == adding
    for (kind, _), result in zip(names, results, strict=True):
        if kind == "fail":
            assert isinstance(result, LookupError | IntegrityError)
        elif kind == "nonsense":
            assert isinstance(result, ProgrammingError | OperationalError)
        else:
            assert isinstance(result, str | IntegrityError)
