"""Where each person was seen, and how often: the surfaces that must never become a reference are counted too."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, Text, bindparam, case, func, select, tuple_

from bellwire.model.recipient import Person
from bellwire.model.surface import Surface
from bellwire.store.given import given, listed
from bellwire.store.tables import sightings
from bellwire.store.upsert import Excluded, Upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """How often, and when, a person was seen on one surface by one sender; the last values that were not missing."""

    person: Person
    surface: Surface
    seen: int
    first_at: datetime
    last_at: datetime
    last_activity_id: str | None = None
    user_id: str | None = None
    service_url: str | None = None
    name: str | None = None


def record(
    conn: Connection,
    person: Person,
    surface: Surface,
    *,
    at: datetime,
    activity_id: str | None = None,
    service_url: str | None = None,
    user_id: str | None = None,
    name: str | None = None,
) -> None:
    """Count one more activity at ``at``; the same activity again, right after itself, is not counted."""
    _RECORD(
        conn,
        {
            "tenant_id": person.tenant_id,
            "sender": person.sender,
            "aad_object_id": person.aad_object_id,
            "surface": surface,
            "seen": 1,
            "first_at": at,
            "last_at": at,
            "last_activity_id": activity_id,
            "user_id": user_id,
            "service_url": service_url,
            "name": name,
        },
    )


def of(conn: Connection, tenant_id: str, aad_object_id: str) -> list[Sighting]:
    """Everything seen of a person, by any sender."""
    rows = conn.execute(_OF, {"tenant": tenant_id, "persons": [aad_object_id]})
    return [sighting_of(row) for row in rows]


def of_many(conn: Connection, tenant_id: str, aad_object_ids: Collection[str]) -> list[Sighting]:
    """Everything seen of persons of one tenant, by any sender."""
    rows = conn.execute(_OF, {"tenant": tenant_id, "persons": sorted(aad_object_ids)})
    return [sighting_of(row) for row in rows]


def surfaces(conn: Connection, persons: Collection[Person]) -> dict[Person, set[Surface]]:
    """Where each of these persons was seen by their sender; those who were not are left out. Any number of them."""
    found: dict[Person, set[Surface]] = {}
    if persons:
        rows = listed((person.tenant_id, person.sender, person.aad_object_id) for person in persons)
        for tenant_id, sender, person, surface in conn.execute(_surfaces(conn.dialect.name), rows):
            found.setdefault(Person(sender, tenant_id, person), set()).add(Surface(surface))
    return found


def sighting_of(row: Row[Any]) -> Sighting:
    """The sighting that a row of the table holds."""
    fields = row._asdict()
    names = ("sender", "tenant_id", "aad_object_id")
    return Sighting(
        person=Person(*(fields.pop(name) for name in names)), surface=Surface(fields.pop("surface")), **fields
    )


def _changes(new: Excluded) -> dict[str, Any]:
    """Newer values replace older ones, and nothing never replaces something."""
    old = sightings.c
    newer = new["last_at"] >= old.last_at
    repeated = (new["last_activity_id"] == old.last_activity_id) & (new["last_at"] == old.last_at)
    said = {
        name: case((newer, func.coalesce(new[name], old[name])), else_=func.coalesce(old[name], new[name]))
        for name in ("last_activity_id", "user_id", "service_url", "name")
    }
    return {
        **said,
        "seen": old.seen + case((repeated, 0), else_=1),
        "first_at": case((new["first_at"] < old.first_at, new["first_at"]), else_=old.first_at),
        "last_at": case((newer, new["last_at"]), else_=old.last_at),
    }


@cache
def _surfaces(dialect: str) -> Select[Any]:
    wanted = given(dialect, tenant_id=Text, sender=Text, aad_object_id=Text)
    names = ("tenant_id", "sender", "aad_object_id")
    same = tuple_(*(sightings.c[name] for name in names)) == tuple_(*(wanted.c[name] for name in names))
    return select(*(sightings.c[name] for name in (*names, "surface"))).join(wanted, same)


_RECORD: Final = Upsert(sightings, ["tenant_id", "sender", "aad_object_id", "surface"], _changes)
_OF: Final = (
    select(sightings)
    .where(
        sightings.c.tenant_id == bindparam("tenant"),
        sightings.c.aad_object_id.in_(bindparam("persons", expanding=True)),
    )
    .order_by(sightings.c.aad_object_id, sightings.c.sender, sightings.c.surface)
)
