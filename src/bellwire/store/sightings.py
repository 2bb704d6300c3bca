"""Where each person was seen, and how often: the surfaces that must never become a reference are counted too."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)

from bellwire.model.delivery import State
from bellwire.model.reach import OPENABLE, REFUSED_FOR
from bellwire.model.reason import Reason
from bellwire.model.recipient import Person
from bellwire.model.surface import Surface
from bellwire.store.columns import UtcTime
from bellwire.store.given import given, listed
from bellwire.store.tables import conversation_references as references
from bellwire.store.tables import deliveries, in_state, sightings
from bellwire.store.upsert import Excluded, Upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """How often, and when, a person was seen on one surface by one sender; the last values that were not missing.

    ``refused`` is why Teams has refused to open the person's chat since then, and ``refused_at`` when.
    """

    person: Person
    surface: Surface
    seen: int
    first_at: datetime
    last_at: datetime
    last_activity_id: str | None = None
    user_id: str | None = None
    service_url: str | None = None
    name: str | None = None
    refused: Reason | None = None
    refused_at: datetime | None = None

    def refusal(self, now: datetime) -> Reason | None:
        """The refusal that still stands at ``now``."""
        return self.refused if self.refused_at is not None and now < self.refused_at + REFUSED_FOR else None


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
    """Count one more activity at ``at``; the same activity again, right after itself, is not counted.

    Whoever is seen after a refusal may be tried again.
    """
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
            "refused": None,
            "refused_at": None,
        },
    )


def refuse(conn: Connection, person: Person, reason: Reason, at: datetime) -> None:
    """Teams refused at ``at`` to open the chat of a person who was seen before that."""
    key = {"tenant": person.tenant_id, "of_sender": person.sender, "person": person.aad_object_id}
    conn.execute(_REFUSE, key | {"why": reason, "at": at})


def overlooked(conn: Connection, now: datetime, most: int = 500) -> list[Person]:
    """Persons for whom something waits although their chat may be asked for, now that a refusal is old."""
    return [Person(*row) for row in conn.execute(_OVERLOOKED, {"most": most, "stands": now - REFUSED_FOR})]


def of(conn: Connection, tenant_id: str, aad_object_id: str) -> list[Sighting]:
    """Everything seen of a person, by any sender."""
    rows = conn.execute(_OF, {"tenant": tenant_id, "persons": [aad_object_id]})
    return [sighting_of(row) for row in rows]


def of_many(conn: Connection, tenant_id: str, aad_object_ids: Collection[str]) -> list[Sighting]:
    """Everything seen of persons of one tenant, by any sender."""
    rows = conn.execute(_OF, {"tenant": tenant_id, "persons": sorted(aad_object_ids)})
    return [sighting_of(row) for row in rows]


Seen = dict[Surface, Reason | None]
"""Where a person was seen, and for what reason Teams has refused since then to open their chat."""


def surfaces(conn: Connection, persons: Collection[Person], now: datetime) -> dict[Person, Seen]:
    """Where each of these persons was seen by their sender; those who were not are left out. Any number of them."""
    found: dict[Person, Seen] = {}
    if persons:
        rows = listed((person.tenant_id, person.sender, person.aad_object_id) for person in persons)
        known = conn.execute(_surfaces(conn.dialect.name), {"stands": now - REFUSED_FOR, **rows})
        for tenant_id, sender, person, surface, why in known:
            refused = None if why is None else Reason(why)
            found.setdefault(Person(sender, tenant_id, person), {})[Surface(surface)] = refused
    return found


def sighting_of(row: Row[Any]) -> Sighting:
    """The sighting that a row of the table holds."""
    fields = row._asdict()
    names = ("sender", "tenant_id", "aad_object_id")
    fields["refused"] = None if fields["refused"] is None else Reason(fields["refused"])
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
    stands = old.refused_at >= new["last_at"]
    return {
        **said,
        "refused": case((stands, old.refused)),
        "refused_at": case((stands, old.refused_at)),
        "seen": old.seen + case((repeated, 0), else_=1),
        "first_at": case((new["first_at"] < old.first_at, new["first_at"]), else_=old.first_at),
        "last_at": case((newer, new["last_at"]), else_=old.last_at),
    }


@cache
def _surfaces(dialect: str) -> Select[Any]:
    wanted = given(dialect, tenant_id=Text, sender=Text, aad_object_id=Text)
    names = ("tenant_id", "sender", "aad_object_id")
    same = tuple_(*(sightings.c[name] for name in names)) == tuple_(*(wanted.c[name] for name in names))
    standing = case((sightings.c.refused_at > bindparam("stands", type_=UtcTime), sightings.c.refused))
    return select(*(sightings.c[name] for name in (*names, "surface")), standing).join(wanted, same)


_PERSON: Final = ("tenant_id", "sender", "aad_object_id")
_RECORD: Final = Upsert(sightings, ["tenant_id", "sender", "aad_object_id", "surface"], _changes)
_REFUSE: Final = (
    update(sightings)
    .where(
        sightings.c.tenant_id == bindparam("tenant"),
        sightings.c.sender == bindparam("of_sender"),
        sightings.c.aad_object_id == bindparam("person"),
        sightings.c.last_at <= bindparam("at", type_=UtcTime),
    )
    .values(refused=bindparam("why"), refused_at=bindparam("at", type_=UtcTime))
)
_OVERLOOKED: Final = (
    select(sightings.c.sender, sightings.c.tenant_id, sightings.c.aad_object_id)
    .distinct()
    .join_from(deliveries, sightings, and_(*(deliveries.c[name] == sightings.c[name] for name in _PERSON)))
    .where(
        in_state(State.WAITING),
        sightings.c.surface.in_(OPENABLE),
        or_(sightings.c.refused_at.is_(None), sightings.c.refused_at <= bindparam("stands", type_=UtcTime)),
        ~exists().where(*(references.c[name] == deliveries.c[name] for name in _PERSON)),
    )
    .limit(bindparam("most"))
)
_OF: Final = (
    select(sightings)
    .where(
        sightings.c.tenant_id == bindparam("tenant"),
        sightings.c.aad_object_id.in_(bindparam("persons", expanding=True)),
    )
    .order_by(sightings.c.aad_object_id, sightings.c.sender, sightings.c.surface)
)
