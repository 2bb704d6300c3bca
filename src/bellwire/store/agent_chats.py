"""What flows have told of people's chats with their agents."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, Text, and_, bindparam, case, or_, select

from bellwire.model.agent_chat import ABSENCE_HOLDS, AgentChat
from bellwire.model.delivery import State
from bellwire.model.recipient import Person
from bellwire.store.columns import UtcTime
from bellwire.store.given import given, listed
from bellwire.store.tables import agent_chats, deliveries, in_state
from bellwire.store.upsert import Excluded, Upsert

KEY: Final = ("tenant_id", "sender", "aad_object_id")


def get_many(conn: Connection, persons: Collection[Person]) -> dict[Person, AgentChat]:
    """What is known of these persons; any number of them."""
    if not persons:
        return {}
    rows = listed((person.tenant_id, person.sender, person.aad_object_id) for person in persons)
    found = map(agent_chat_of, conn.execute(_get_many(conn.dialect.name), rows))
    return {chat.person: chat for chat in found}


def learn(conn: Connection, told: Iterable[AgentChat]) -> None:
    """Write down what was told; of each time the newest stays."""
    rows = [
        {
            "tenant_id": chat.person.tenant_id,
            "sender": chat.person.sender,
            "aad_object_id": chat.person.aad_object_id,
            "delivered_at": chat.delivered_at,
            "absent_at": chat.absent_at,
        }
        for chat in sorted(told, key=lambda chat: chat.person)
    ]
    if rows:
        _LEARN(conn, rows)


def overlooked(conn: Connection, now: datetime, most: int = 500) -> list[Person]:
    """Persons for whom something waits although nothing is believed any more that would be in its way."""
    return [Person(*row) for row in conn.execute(_OVERLOOKED, {"most": most, "believed": now - ABSENCE_HOLDS})]


def agent_chat_of(row: Row[Any]) -> AgentChat:
    """What a row of the table says."""
    person = Person(row.sender, row.tenant_id, row.aad_object_id)
    return AgentChat(person=person, delivered_at=row.delivered_at, absent_at=row.absent_at)


@cache
def _get_many(dialect: str) -> Select[Any]:
    wanted = given(dialect, tenant_id=Text, sender=Text, aad_object_id=Text)
    same = and_(*(agent_chats.c[name] == wanted.c[name] for name in KEY))
    return select(agent_chats).join_from(wanted, agent_chats, same)


def _newest(new: Excluded) -> dict[str, ColumnElement[Any]]:
    return {name: _later(agent_chats.c[name], new[name]) for name in ("delivered_at", "absent_at")}


def _later(known: ColumnElement[Any], told: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((or_(known.is_(None), told > known), told), else_=known)


_LEARN: Final = Upsert(agent_chats, KEY, _newest)
_OVERLOOKED: Final = (
    select(agent_chats.c.sender, agent_chats.c.tenant_id, agent_chats.c.aad_object_id)
    .distinct()
    .join_from(deliveries, agent_chats, and_(*(deliveries.c[name] == agent_chats.c[name] for name in KEY)))
    .where(
        in_state(State.WAITING),
        or_(
            agent_chats.c.absent_at <= bindparam("believed", type_=UtcTime),
            agent_chats.c.absent_at <= agent_chats.c.delivered_at,
        ),
    )
    .limit(bindparam("most"))
)
