"""Deliveries that ended long ago go, with their attempts, amendments and messages; the books keep their sums.

A few hundred at a time, by tenant, all senders' together, and along an index that holds nothing else: nothing is
read in vain, and nobody who sends has to wait for it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Delete, Executable, Select, Text, bindparam, delete, exists, select
from sqlalchemy.sql.expression import ColumnElement

from bellwire.model.delivery import FINAL, State
from bellwire.model.ids import uuid7
from bellwire.store.bites import AT_ONCE
from bellwire.store.columns import UtcTime
from bellwire.store.given import given, listed
from bellwire.store.tables import COUNTERS, amendments, attempts, books, deliveries, in_state, messages, pruned
from bellwire.store.upsert import Upsert


def tenants(conn: Connection) -> list[str]:
    """Everywhere that anything was ever accepted."""
    return list(conn.scalars(_TENANTS))


def prune(conn: Connection, before: datetime, tenant_id: str, most: int = AT_ONCE) -> int:
    """Forget deliveries to one tenant that ended before then; how many that were, at most ``most``.

    One that somebody wants to change or take back at this moment stays until that is over.
    """
    found: list[str] = []
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for state in sorted(FINAL):
        wanted = {"tenant": tenant_id, "before": before, "first": uuid7(before, 0), "most": most - len(found)}
        for id_, sender in conn.execute(_ended(state), wanted):
            found.append(id_)
            sums[sender][state] += 1
        if len(found) == most:
            break
    if found:
        _forget(conn, found)
        rows = {sender: {state: sums[sender][state] for state in _STATES} for sender in sorted(sums)}
        _ADD(conn, [{"tenant_id": tenant_id, "sender": sender, **row} for sender, row in rows.items()])
    return len(found)


def _forget(conn: Connection, ids: Collection[str]) -> None:
    dialect, rows = conn.dialect.name, listed([each] for each in ids)
    conn.execute(_of_deliveries(dialect, "attempts"), rows)
    spoken = set(conn.scalars(_of_deliveries(dialect, "amendments"), rows).all())
    spoken.update(conn.scalars(_gone(dialect), rows).all())
    conn.execute(_unspoken(dialect), listed([each] for each in spoken if each is not None))


@cache
def _ended(state: State) -> Select[Any]:
    open_wish = exists().where(
        amendments.c.delivery_id == deliveries.c.id,
        amendments.c.finished_at.is_(None),
    )
    return (
        select(deliveries.c.id, deliveries.c.sender)
        .where(
            deliveries.c.tenant_id == bindparam("tenant"),
            in_state(state),
            deliveries.c.finished_at.is_not(None),
            deliveries.c.id < bindparam("first"),
            deliveries.c.finished_at < bindparam("before", type_=UtcTime),
            ~open_wish,
        )
        .order_by(deliveries.c.id)
        .limit(bindparam("most"))
        .with_for_update(of=deliveries, skip_locked=True)
    )


def _among(column: ColumnElement[str], dialect: str) -> ColumnElement[bool]:
    return column.in_(select(given(dialect, id=Text).c.id))


@cache
def _of_deliveries(dialect: str, table: str) -> Executable:
    if table == "attempts":
        return delete(attempts).where(_among(attempts.c.delivery_id, dialect))
    return delete(amendments).where(_among(amendments.c.delivery_id, dialect)).returning(amendments.c.message_id)


@cache
def _gone(dialect: str) -> Any:
    return delete(deliveries).where(_among(deliveries.c.id, dialect)).returning(deliveries.c.message_id)


@cache
def _unspoken(dialect: str) -> Delete:
    """Messages of which no delivery is left, and no wish to change one into it."""
    return delete(messages).where(
        _among(messages.c.id, dialect),
        ~exists(select(deliveries.c.id).where(deliveries.c.message_id == messages.c.id)),
        ~exists(select(amendments.c.id).where(amendments.c.message_id == messages.c.id)),
    )


_STATES: Final = tuple(map(str, COUNTERS[1:]))
_TENANTS: Final = select(books.c.tenant_id).distinct().order_by(books.c.tenant_id)
_ADD: Final = Upsert(
    pruned, ["tenant_id", "sender"], lambda new: {name: pruned.c[name] + new[name] for name in _STATES}
)
