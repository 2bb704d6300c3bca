"""Decides, with what the store knows of people, who is written to and who is refused; inside the accepting write."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from bellwire.errors import Unreachable
from bellwire.model.reach import Obstacle, Reachable, reach
from bellwire.model.reason import EXPLANATIONS
from bellwire.model.recipient import Person
from bellwire.store import references, sightings


def reach_many(conn: Connection, persons: Collection[Person]) -> dict[Person, Reachable | Obstacle]:
    """The way to each of these persons, or what is in it; any number of them."""
    states = references.states(conn, persons)
    seen = sightings.surfaces(conn, [person for person in persons if person not in states])
    return {person: reach(states.get(person), seen.get(person, ())) for person in persons}


def refusal(obstacle: Obstacle) -> Unreachable:
    """What the caller is told about someone who cannot be reached."""
    fact, remedy, _ = EXPLANATIONS[obstacle.reason]
    return Unreachable(fact, field="to", code=obstacle.reason, remedy=remedy)
