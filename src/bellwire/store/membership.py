"""What a roster's word that somebody is in a team changes: their way, their chat if it was shut, and what waits."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from bellwire.model.member import Member
from bellwire.model.reach import REFUSED_FOR
from bellwire.model.recipient import Person
from bellwire.model.reference import ReachState, in_team
from bellwire.store import people, references, roster
from bellwire.store.lanes import LaneKey


def keep(
    conn: Connection, lane: LaneKey, team_id: str, members: Collection[Member], now: datetime, *, joined: bool = False
) -> None:
    """Keep members of a team that has the app, and queue what waited for them; ``joined``: just now."""
    named = {each.aad_object_id: each for each in members}
    _reopen(conn, lane, team_id, named, joined=joined)
    roster.put(conn, lane, members, joined=joined)
    roster.wake(conn, lane, named, now)


def _reopen(conn: Connection, lane: LaneKey, team_id: str, named: dict[str, Member], *, joined: bool) -> None:
    """Whose chat is shut because Teams found no app there may be written to again if the team is news to us.

    A roster that named the person before says nothing new, for as long as a refusal stands.
    """
    states = references.states_of(conn, lane.sender, lane.tenant_id, named)
    shut = {each for each, state in states.items() if state is ReachState.NOT_INSTALLED}
    if not shut:
        return
    persons = [Person(lane.sender, lane.tenant_id, each) for each in shut]
    people.hold(conn, persons)
    before = set() if joined else roster.listed_before(conn, lane, team_id, shut)
    for person, known in references.get_many(conn, persons).items():
        listed_at = named[person.aad_object_id].listed_at
        old = known.absent_at is not None and known.absent_at <= listed_at - REFUSED_FOR
        if old or person.aad_object_id not in before:
            references.put(conn, in_team(known, listed_at))
