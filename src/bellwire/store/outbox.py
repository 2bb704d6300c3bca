"""Events that callbacks are to be told: written with what they tell of, kept until they are told or given up.

``transaction.ended`` is called where a delivery reaches a final state; the events follow at the end of the same
transaction, so that there is one for every end that was committed, and none for any other. An event holds the row as it
was then.

Whoever tells an event claims it for a while, in which nobody else does. If that process dies, the event is due again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Insert,
    Integer,
    Select,
    Text,
    Update,
    and_,
    any_,
    bindparam,
    case,
    cast,
    delete,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    tuple_,
    type_coerce,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from bellwire.model.callback import Event
from bellwire.model.delivery import Delivery
from bellwire.store.bites import bite
from bellwire.store.columns import UtcTime, from_microseconds
from bellwire.store.deliveries import COLUMNS, delivery_of
from bellwire.store.given import given, listed, stamp
from bellwire.store.tables import callback_events, callbacks, deliveries


class Told(NamedTuple):
    """An event that is being told; ``tries`` counts this time too, and makes the claim this process's own."""

    id: str
    event: Event
    made_at: datetime
    tries: int
    delivery: Delivery


class Untold(NamedTuple):
    """An event that was not taken: due again at ``run_at``, or given up if that is None."""

    id: str
    tries: int
    run_at: datetime | None


def write(conn: Connection, delivery_ids: Sequence[str]) -> None:
    """Write an event for each of these deliveries and each callback that wants to be told of it."""
    if delivery_ids and conn.execute(_ANYBODY).first() is not None:
        conn.execute(_write(conn.dialect.name), listed([each] for each in delivery_ids))


def claim(conn: Connection, callback_id: str, most: int, now: datetime, lease: timedelta) -> list[Told]:
    """Take what is due for a callback, the longest due first; until the lease is over nobody else takes the same."""
    parameters = {"callback": callback_id, "most": most, "now": now, "until": now + lease}
    rows = conn.execute(_claim(conn.dialect.name), parameters).all()
    told = [Told(row.id, Event(row.event), row.made_at, row.tries, _delivery_in(row.content)) for row in rows]
    return sorted(told, key=lambda each: (each.made_at, each.id))


def settle(
    conn: Connection, callback_id: str, taken: Collection[Told], untold: Collection[Untold], now: datetime
) -> None:
    """Forget what was taken, and have the rest told later or not at all. What others claimed meanwhile is theirs."""
    time, dialect = stamp(conn), conn.dialect.name
    if taken:
        rows = listed([each.id, each.tries] for each in taken)
        conn.execute(_forget(dialect), {"callback": callback_id, **rows})
    if untold:
        rows = listed([each.id, each.tries, time(each.run_at)] for each in untold)
        conn.execute(_put_off(dialect), {"callback": callback_id, "now": now, **rows})


def prune(conn: Connection, before: datetime) -> int:
    """Forget a bite of what was given up before then; how many that were."""
    return conn.execute(_prune(conn.dialect.name), {"before": before}).rowcount


def _delivery_in(content: str) -> Delivery:
    kept: dict[str, Any] = orjson.loads(content)
    return delivery_of(SimpleNamespace(**{**kept, **{name: _time(kept[name]) for name in _TIMES}}))


def _time(value: int | str | None) -> datetime | None:
    """A time as each database writes it into JSON."""
    return datetime.fromisoformat(value) if isinstance(value, str) else from_microseconds(value)


_TIMES: Final = tuple(column.name for column in COLUMNS if isinstance(column.type, UtcTime))
_NOW: Final = bindparam("now", type_=UtcTime)
_OWN: Final = callback_events.c.callback_id == bindparam("callback")
_TOLD: Final = and_(callbacks.c.disabled_at.is_(None), callbacks.c.removed_at.is_(None))
_ANYBODY: Final = select(callbacks.c.id).where(_TOLD).limit(1)


@cache
def _write(dialect: str) -> Insert:
    over, c = given(dialect, id=Text), callbacks.c
    found = select(*COLUMNS, deliveries.c.key_id).join_from(over, deliveries, deliveries.c.id == over.c.id)
    # Looked up once each: a database takes the callbacks for so few that it would look for each of them again.
    ended = found.where(deliveries.c.finished_at.is_not(None)).cte("ended").prefix_with("MATERIALIZED")
    d = ended.c
    wants = (
        _TOLD,
        (literal(" ") + c.events + " ").contains(f" {Event.DELIVERY_ENDED.value} ", autoescape=True),
        or_(c.only_sender.is_(None), c.only_sender == d.sender),
        or_(c.only_reference.is_(None), c.only_reference == d.caller_reference),
        or_(c.only_key_id.is_(None), c.only_key_id == d.key_id),
    )
    columns: dict[str, ColumnElement[Any]] = {
        "callback_id": c.id,
        "id": literal("ended_") + d.id,
        "event": literal(Event.DELIVERY_ENDED.value),
        "content": _content(dialect, [d[each.name] for each in COLUMNS]),
        "made_at": d.finished_at,
        "tries": literal(0),
        "run_at": d.finished_at,
    }
    told = select(*columns.values()).join_from(ended, callbacks, and_(*wants))
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    written: Any = insert(callback_events).from_select(list(columns), told)
    once: Insert = written.on_conflict_do_nothing()
    return once


def _content(dialect: str, columns: Iterable[ColumnElement[Any]]) -> ColumnElement[str]:
    """The row as JSON."""
    pairs: list[ColumnElement[Any]] = []
    for column in columns:
        time = dialect == "sqlite" and column.name in _TIMES
        pairs += (literal_column(f"'{column.name}'"), type_coerce(column, Integer) if time else column)
    if dialect == "sqlite":
        return func.json_object(*pairs)
    return cast(func.jsonb_build_object(*pairs), Text)


@cache
def _claim(dialect: str) -> Any:
    e = callback_events.c
    due: Select[str] = select(e.id).where(_OWN, e.run_at <= _NOW).order_by(e.run_at, e.id).limit(bindparam("most"))
    chosen: ColumnElement[bool] = e.id.in_(due)
    if dialect == "postgresql":
        chosen = e.id == any_(func.array(due.with_for_update(skip_locked=True).scalar_subquery()))
    return (
        update(callback_events)
        .where(_OWN, chosen, e.run_at <= _NOW)
        .values(run_at=bindparam("until", type_=UtcTime), tries=e.tries + 1)
        .returning(e.id, e.event, e.made_at, e.tries, e.content)
    )


@cache
def _forget(dialect: str) -> Delete:
    over, e = given(dialect, id=Text, tries=Integer), callback_events.c
    return delete(callback_events).where(_OWN, tuple_(e.id, e.tries).in_(select(over.c.id, over.c.tries)))


@cache
def _put_off(dialect: str) -> Update:
    later, e = given(dialect, id=Text, tries=Integer, run_at=UtcTime), callback_events.c
    return (
        update(callback_events)
        .where(_OWN, e.id == later.c.id, e.tries == later.c.tries)
        .values(run_at=later.c.run_at, given_up_at=case((later.c.run_at.is_(None), _NOW), else_=null()))
    )


@cache
def _prune(dialect: str) -> Delete:
    given_up_at = callback_events.c.given_up_at
    return bite(dialect, given_up_at, given_up_at < bindparam("before", type_=UtcTime))
