"""With a million deliveries, no operation reads a table from one end to the other, or more the larger it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, event

from bellwire.store.database import Database
from tests.plans.explained import Plan, explain, overhear
from tests.plans.million import seed
from tests.plans.operations import OPERATIONS, Operation
from tests.support.postgres import PostgresServer

LARGE = {
    "deliveries",
    "attempts",
    "messages",
    "amendments",
    "conversation_references",
    "sightings",
    "agent_chats",
    "names",
    "roster",
    "idempotency_keys",
    "repairs",
    "callback_events",
}
"""What grows with use. The others have a row for each tenant, worker or team."""


@pytest.fixture
async def million_url(postgres_server: PostgresServer, postgres_template: str) -> AsyncIterator[str]:
    name = postgres_server.create(postgres_template)
    url = postgres_server.url(name)
    database = Database(url)
    await database.start()
    await database.write(seed)
    await database.close()
    postgres_server.run("VACUUM ANALYZE", name)
    explain(postgres_server, name)
    yield url
    postgres_server.drop(name)


async def test_every_operation_finds_its_rows_by_an_index(million_url: str) -> None:
    database = Database(million_url)
    plans = overhear(database)
    await database.start()
    found: list[str] = []
    for operation in OPERATIONS:
        plans.clear()
        await (database.write if operation.writes else database.read)(operation.run)
        found += complaints(operation, plans)
    await database.close()
    assert not found, "\n".join(found)


def complaints(operation: Operation, plans: list[Plan]) -> list[str]:
    """What is wrong with the statements of an operation."""
    assert plans, f"nothing was told of {operation.name}"
    found = [f"{operation.name}: walks {table}" for plan in plans for table in plan.walked & LARGE]
    most = max(plan.pages for plan in plans)
    if most > operation.bound:
        found.append(f"{operation.name}: looks at {most} pages, more than {operation.bound}")
    used = {index for plan in plans for index in plan.indexes}
    found += [f"{operation.name}: does without {index}" for index in operation.uses if index not in used]
    return found


async def test_every_operation_finds_its_rows_by_an_index_in_sqlite_too(sqlite_url: str) -> None:
    """SQLite plans by the indexes that there are, whatever is in them, so empty tables do."""
    database = Database(sqlite_url)
    await database.start()
    found: list[str] = []
    for operation in OPERATIONS:
        await database.write(partial(walked, operation=operation, found=found))
    await database.close()
    assert not found, "\n".join(found)


def walked(conn: Connection, operation: Operation, found: list[str]) -> None:
    """Note the statements of an operation that read a large table from one end to the other."""
    statements: list[tuple[str, Any]] = []

    def note(_: Any, cursor: Any, statement: str, parameters: Any, *more: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE", "INSERT")) and not isinstance(parameters, list):
            statements.append((statement, parameters))

    event.listen(conn, "before_cursor_execute", note)
    try:
        operation.run(conn)
    except AssertionError:
        pass  # nothing is there to be found
    finally:
        event.remove(conn, "before_cursor_execute", note)
    for statement, parameters in statements:
        plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        steps = [str(row[-1]) for row in plan]
        found += [
            f"{operation.name}: {step}"
            for step in steps
            if any(step.startswith(f"SCAN {table}") for table in LARGE) and "USING" not in step
        ]
