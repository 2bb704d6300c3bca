"""Where each person was seen, and how often: the surfaces that must never become a reference are counted too."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, case, func, select

from bellwire.model.recipient import Person
from bellwire.model.surface import Surface
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


_RECORD: Final = Upsert(sightings, ["tenant_id", "sender", "aad_object_id", "surface"], _changes)
_OF: Final = (
    select(sightings)
    .where(
        sightings.c.tenant_id == bindparam("tenant"),
        sightings.c.aad_object_id.in_(bindparam("persons", expanding=True)),
    )
    .order_by(sightings.c.aad_object_id, sightings.c.sender, sightings.c.surface)
)
