"""Persons, whatever is known of them: by a reference, or only by having been seen somewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Select, Table, Text, func, select, tuple_, union

from bellwire.model.agent_chat import AgentChat
from bellwire.model.member import Member
from bellwire.model.recipient import Person
from bellwire.model.reference import ConversationReference
from bellwire.store import roster as rosters
from bellwire.store.agent_chats import agent_chat_of
from bellwire.store.given import given, listed
from bellwire.store.references import reference_of
from bellwire.store.sightings import Sighting, sighting_of
from bellwire.store.tables import agent_chats, conversation_references, roster, sightings


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A person of a tenant, as all senders know them together."""

    tenant_id: str
    aad_object_id: str
    references: tuple[ConversationReference, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    agent_chats: tuple[AgentChat, ...] = ()
    members: tuple[tuple[str, Member], ...] = ()


def hold(conn: Connection, persons: Iterable[Person]) -> None:
    """Keep other transactions that hold the same persons waiting until this one has ended.

    On PostgreSQL, whoever changes what is known of a person reads it first, and two at once would lose one's change.
    SQLite has one writer at a time as it is. The persons are held in one order, so that nobody waits in a circle.
    """
    if conn.dialect.name == "postgresql":
        names = sorted({f"{person.tenant_id} {person.sender} {person.aad_object_id}" for person in persons})
        conn.execute(_hold(), listed([name] for name in names)).all()


def get(conn: Connection, tenant_id: str, aad_object_id: str) -> Known | None:
    """What is known of one person; None if nothing is."""
    known = _about(conn, [(tenant_id, aad_object_id)])[0]
    return known if known.references or known.sightings or known.agent_chats or known.members else None


def page(
    conn: Connection,
    *,
    tenants: Collection[str],
    sender: str | None = None,
    aad_object_id: str | None = None,
    after: tuple[str, str] | None = None,
    limit: int = 100,
) -> list[Known]:
    """Persons of these tenants in the order of (tenant, object id); ``after`` is that of the last one before.

    With a ``sender``, only persons that this sender knows; what other senders know of them is shown all the same.
    """
    found = [_keys(table, tenants, sender, aad_object_id, after, limit) for table in _TABLES]
    both = union(*(select(keys.subquery()) for keys in found)).subquery()
    ordered = select(both).order_by(both.c.tenant_id, both.c.aad_object_id).limit(limit)
    return _about(conn, [(tenant_id, aad_object_id) for tenant_id, aad_object_id in conn.execute(ordered)])


def _keys(
    table: Table,
    tenants: Collection[str],
    sender: str | None,
    aad_object_id: str | None,
    after: tuple[str, str] | None,
    limit: int,
) -> Select[Any]:
    key = (table.c.tenant_id, table.c.aad_object_id)
    keys = select(*key).distinct().where(table.c.tenant_id.in_(sorted(tenants))).order_by(*key).limit(limit)
    if sender is not None:
        keys = keys.where(table.c.sender == sender)
    if aad_object_id is not None:
        keys = keys.where(table.c.aad_object_id == aad_object_id)
    return keys if after is None else keys.where(tuple_(*key) > after)


def _about(conn: Connection, keys: Collection[tuple[str, str]]) -> list[Known]:
    rows, dialect = listed(keys), conn.dialect.name
    references = [reference_of(row) for row in conn.execute(_of(dialect, conversation_references), rows)]
    seen = [sighting_of(row) for row in conn.execute(_of(dialect, sightings), rows)]
    told = [agent_chat_of(row) for row in conn.execute(_of(dialect, agent_chats), rows)]
    named = rosters.of(conn, keys)
    return [
        Known(
            tenant_id=tenant_id,
            aad_object_id=aad_object_id,
            references=tuple(each for each in references if _key(each.person) == (tenant_id, aad_object_id)),
            sightings=tuple(each for each in seen if _key(each.person) == (tenant_id, aad_object_id)),
            agent_chats=tuple(each for each in told if _key(each.person) == (tenant_id, aad_object_id)),
            members=tuple((who.sender, each) for who, each in named if _key(who) == (tenant_id, aad_object_id)),
        )
        for tenant_id, aad_object_id in keys
    ]


_TABLES: Final = (conversation_references, sightings, agent_chats, roster)


def _key(person: Person) -> tuple[str, str]:
    return person.tenant_id, person.aad_object_id


@cache
def _of(dialect: str, table: Table) -> Select[Any]:
    wanted = given(dialect, tenant_id=Text, aad_object_id=Text)
    same = (table.c.tenant_id == wanted.c.tenant_id) & (table.c.aad_object_id == wanted.c.aad_object_id)
    return select(table).join(wanted, same).order_by(*table.primary_key.columns)


@cache
def _hold() -> Select[Any]:
    names = given("postgresql", name=Text)
    return select(func.pg_advisory_xact_lock(func.hashtextextended(names.c.name, 0)))
