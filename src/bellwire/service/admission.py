"""Decides, with what the store knows of people, who is written to and who is refused; inside the accepting write."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection

from bellwire.errors import Unreachable
from bellwire.model.reach import Obstacle, Reachable, reach
from bellwire.model.reason import EXPLANATIONS
from bellwire.model.recipient import Person
from bellwire.model.surface import Surface
from bellwire.store import references, sightings

AT_ONCE = 5_000


def reach_many(conn: Connection, persons: Collection[Person]) -> dict[Person, Reachable | Obstacle]:
    """The way to each of these persons, or what is in it."""
    states = {person: reference.state for person, reference in references.get_many(conn, persons).items()}
    seen = _seen(conn, [person for person in persons if person not in states])
    return {person: reach(states.get(person), seen.get(person, ())) for person in persons}


def refusal(obstacle: Obstacle) -> Unreachable:
    """What the caller is told about someone who cannot be reached."""
    fact, remedy, _ = EXPLANATIONS[obstacle.reason]
    return Unreachable(fact, field="to", code=obstacle.reason, remedy=remedy)


def _seen(conn: Connection, persons: list[Person]) -> dict[Person, set[Surface]]:
    found: dict[Person, set[Surface]] = {}
    for tenant_id, some in _portions(persons):
        for sighting in sightings.of_many(conn, tenant_id, some):
            found.setdefault(sighting.person, set()).add(sighting.surface)
    return found


def _portions(persons: list[Person]) -> Iterator[tuple[str, list[str]]]:
    """Each tenant's people, in numbers that a statement takes as parameters."""
    for tenant_id, group in groupby(sorted(persons, key=attrgetter("tenant_id")), key=attrgetter("tenant_id")):
        ids = [person.aad_object_id for person in group]
        for start in range(0, len(ids), AT_ONCE):
            yield tenant_id, ids[start : start + AT_ONCE]
