"""Decides, with what the store knows of people, who is written to and who is refused; inside the accepting write."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from bellwire.errors import Unreachable
from bellwire.model.agent_chat import flow_reach
from bellwire.model.reach import Obstacle, Reachable, reach
from bellwire.model.reason import EXPLANATIONS
from bellwire.model.recipient import Person
from bellwire.store import agent_chats, references, roster, sightings


def reach_many(
    conn: Connection, persons: Collection[Person], flows: Collection[str], now: datetime
) -> dict[Person, Reachable | Obstacle]:
    """The way to each of these persons, or what is in it; any number of them. ``flows`` are the flows' names."""
    of_flows = {person for person in persons if person.sender in flows}
    of_bots = [person for person in persons if person not in of_flows]
    chats = agent_chats.get_many(conn, of_flows)
    states = references.states(conn, of_bots)
    strangers = [person for person in of_bots if person not in states]
    seen, members = sightings.surfaces(conn, strangers, now), roster.members(conn, strangers)
    by_flow = {person: flow_reach(chats.get(person), now) for person in of_flows}
    return by_flow | {
        person: reach(states.get(person), seen.get(person, {}), members.get(person)) for person in of_bots
    }


def refusal(obstacle: Obstacle) -> Unreachable:
    """What the caller is told about someone who cannot be reached."""
    fact, remedy, _ = EXPLANATIONS[obstacle.reason]
    return Unreachable(fact, field="to", code=obstacle.reason, remedy=remedy)
