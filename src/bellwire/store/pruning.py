"""Deliveries that ended long ago go, with their attempts, amendments and messages; the books keep their sums.

A few hundred at a time, by tenant, and along an index that holds nothing else: nobody who sends has to wait for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Delete, Executable, Select, Text, bindparam, delete, exists, select
from sqlalchemy.sql.expression import ColumnElement

from bellwire.model.delivery import FINAL, State
from bellwire.model.ids import uuid7
from bellwire.store.columns import UtcTime
from bellwire.store.given import given, listed
from bellwire.store.lanes import LaneKey
from bellwire.store.tables import COUNTERS, amendments, attempts, books, deliveries, in_state, messages, pruned
from bellwire.store.upsert import Upsert

AT_ONCE: Final = 500


def keys(conn: Connection) -> list[LaneKey]:
    """Everywhere that anything was ever accepted."""
    return [LaneKey(*row) for row in conn.execute(_KEYS)]


def prune(conn: Connection, key: LaneKey, before: datetime, most: int = AT_ONCE) -> int:
    """Forget deliveries of one sender to one tenant that ended before then; how many that were, at most ``most``.

    One that somebody wants to change or take back at this moment stays until that is over.
    """
    found: list[tuple[str, State]] = []
    for state in sorted(FINAL):
        wanted = {"tenant": key.tenant_id, "of_sender": key.sender, "before": before, "first": uuid7(before, 0)}
        ids: Sequence[str] = conn.scalars(_ended(state), wanted | {"most": most - len(found)}).all()
        found += [(each, state) for each in ids]
        if len(found) == most:
            break
    if found:
        _forget(conn, [id_ for id_, _ in found])
        sums = Counter(str(state) for _, state in found)
        row = {"tenant_id": key.tenant_id, "sender": key.sender, **{name: sums[name] for name in _STATES}}
        _ADD(conn, row)
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
        select(deliveries.c.id)
        .where(
            deliveries.c.tenant_id == bindparam("tenant"),
            in_state(state),
            deliveries.c.finished_at.is_not(None),
            deliveries.c.id < bindparam("first"),
            deliveries.c.sender == bindparam("of_sender"),
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
_KEYS: Final = select(books.c.sender, books.c.tenant_id).order_by(books.c.tenant_id, books.c.sender)
_ADD: Final = Upsert(
    pruned, ["tenant_id", "sender"], lambda new: {name: pruned.c[name] + new[name] for name in _STATES}
)
