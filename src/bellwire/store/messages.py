"""What to say. A message is stored once, however many deliveries it has."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import cache
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Select, Text, select

from bellwire.model.message import Message
from bellwire.store.bulk import BulkInsert
from bellwire.store.given import given, listed, stamp
from bellwire.store.tables import messages


def add(conn: Connection, new: Iterable[Message], now: datetime) -> None:
    """Store messages."""
    created_at = stamp(conn)(now)
    _ADD(conn, ([each.id, each.text, _as_json(each.card), each.summary, created_at, each.trace] for each in new))


def get(conn: Connection, message_id: str) -> Message | None:
    """The message with this id."""
    return get_many(conn, [message_id]).get(message_id)


def get_many(conn: Connection, ids: Collection[str]) -> dict[str, Message]:
    """The messages with these ids, as far as there are any."""
    rows = conn.execute(_get_many(conn.dialect.name), listed([message_id] for message_id in ids))
    return {row.id: Message(row.id, row.text, row.card, row.summary, row.trace) for row in rows}


def _as_json(card: dict[str, Any] | None) -> str | None:
    return None if card is None else orjson.dumps(card).decode()


@cache
def _get_many(dialect: str) -> Select[Any]:
    wanted = given(dialect, id=Text)
    return select(messages).join(wanted, messages.c.id == wanted.c.id)


_ADD: Final = BulkInsert(messages, ("id", "text", "card", "summary", "created_at", "trace"))
