"""Conversation references: the one Teams chat of each person with each sender."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, Text, bindparam, select, tuple_, update

from bellwire.model.recipient import Person
from bellwire.model.reference import ConversationReference, ReachState, Source
from bellwire.model.surface import Surface
from bellwire.store.given import given, listed
from bellwire.store.tables import conversation_references as references
from bellwire.store.upsert import Upsert

KEY: Final = ("tenant_id", "sender", "aad_object_id")


def get(conn: Connection, person: Person) -> ConversationReference | None:
    """How to reach this person, if it is known."""
    key = {"tenant": person.tenant_id, "of_sender": person.sender, "person": person.aad_object_id}
    row = conn.execute(_GET, key).one_or_none()
    return None if row is None else reference_of(row)


def get_many(conn: Connection, persons: Collection[Person]) -> dict[Person, ConversationReference]:
    """How to reach these persons, as far as it is known; any number of them."""
    if not persons:
        return {}
    rows = listed((person.tenant_id, person.sender, person.aad_object_id) for person in persons)
    found = map(reference_of, conn.execute(_get_many(conn.dialect.name), rows))
    return {reference.person: reference for reference in found}


def states(conn: Connection, persons: Collection[Person]) -> dict[Person, ReachState]:
    """Whether the chats of these persons may be written to, as far as one is known; any number of them."""
    if not persons:
        return {}
    rows = listed((person.tenant_id, person.sender, person.aad_object_id) for person in persons)
    found = conn.execute(_states(conn.dialect.name), rows).all()
    return {Person(sender, tenant_id, person): _STATES[state] for tenant_id, sender, person, state in found}


def states_of(conn: Connection, sender: str, tenant_id: str, aad_object_ids: Iterable[str]) -> dict[str, ReachState]:
    """As ``states``, of one sender's people in one tenant, by their object ids: a hundred thousand at once."""
    key = {"tenant": tenant_id, "of_sender": sender, **listed([each] for each in aad_object_ids)}
    found = conn.execute(_states_of(conn.dialect.name), key).all()
    return {aad_object_id: _STATES[state] for aad_object_id, state in found}


def put(conn: Connection, reference: ConversationReference) -> None:
    """Store a reference in the place of the one before.

    Whoever reads a reference, changes it and puts it back holds the person meanwhile (``people.hold``).
    """
    _PUT(conn, _values(reference))


def put_many(conn: Connection, several: Iterable[ConversationReference]) -> None:
    """Store references, each in the place of the one before."""
    rows = [_values(reference) for reference in sorted(several, key=lambda each: each.person)]
    if rows:
        _PUT(conn, rows)


def traced(conn: Connection, persons: Mapping[Person, str]) -> None:
    """Keep the traces in which these persons' references were learnt last."""
    keys = sorted(persons)
    if keys:
        conn.execute(
            _TRACED,
            [{"tenant": p.tenant_id, "of_sender": p.sender, "person": p.aad_object_id, "at": persons[p]} for p in keys],
        )


def page(
    conn: Connection,
    *,
    tenants: Collection[str],
    sender: str | None = None,
    state: ReachState | None = None,
    after: Person | None = None,
    limit: int = 100,
) -> list[ConversationReference]:
    """References of these tenants by tenant, sender and person; ``after`` is the last one of the page before."""
    statement = select(references).where(references.c.tenant_id.in_(sorted(tenants)))
    if sender is not None:
        statement = statement.where(references.c.sender == sender)
    if state is not None:
        statement = statement.where(references.c.state == state)
    if after is not None:
        statement = statement.where(_person_key > (after.tenant_id, after.sender, after.aad_object_id))
    return [reference_of(row) for row in conn.execute(statement.order_by(*_person_key.clauses).limit(limit))]


def reference_of(row: Row[Any]) -> ConversationReference:
    """The reference that a row of the table holds."""
    fields = row._asdict()
    person = Person(sender=fields.pop("sender"), tenant_id=fields.pop("tenant_id"), aad_object_id=fields.pop(KEY[2]))
    del fields["state"], fields["trace"]
    fields["source"], fields["surface"] = Source(fields["source"]), Surface(fields["surface"])
    return ConversationReference(person=person, **fields)


def _values(reference: ConversationReference) -> dict[str, Any]:
    person = reference.person
    values = {name: getattr(reference, name) for name in _FIELDS}
    values["older"] = dict(reference.older)
    return values | {"tenant_id": person.tenant_id, "sender": person.sender, "aad_object_id": person.aad_object_id}


@cache
def _get_many(dialect: str) -> Select[Any]:
    wanted = given(dialect, tenant_id=Text, sender=Text, aad_object_id=Text)
    return select(references).join(wanted, _person_key == tuple_(*(wanted.c[name] for name in KEY)))


@cache
def _states(dialect: str) -> Select[Any]:
    wanted = given(dialect, tenant_id=Text, sender=Text, aad_object_id=Text)
    same = tuple_(*(references.c[name] for name in KEY)) == tuple_(*(wanted.c[name] for name in KEY))
    return select(*(references.c[name] for name in (*KEY, "state"))).join(wanted, same)


@cache
def _states_of(dialect: str) -> Select[Any]:
    wanted = given(dialect, aad_object_id=Text)
    return select(references.c.aad_object_id, references.c.state).where(
        references.c.tenant_id == bindparam("tenant"),
        references.c.sender == bindparam("of_sender"),
        # Not a join: SQLite would go through all that is wanted for each that it has.
        references.c.aad_object_id.in_(select(wanted.c.aad_object_id)),
    )


_person_key = tuple_(*(references.c[name] for name in KEY))
_STATES: Final = {state.value: state for state in ReachState}
_FIELDS: Final = tuple(column.name for column in references.c if column.name not in (*KEY, "trace"))
_IS_PERSON: Final = (
    references.c.tenant_id == bindparam("tenant"),
    references.c.sender == bindparam("of_sender"),
    references.c.aad_object_id == bindparam("person"),
)
_GET: Final = select(references).where(*_IS_PERSON)
_TRACED: Final = update(references).where(*_IS_PERSON).values(trace=bindparam("at"))
_PUT: Final = Upsert(references, KEY, lambda new: {name: new[name] for name in _FIELDS})
