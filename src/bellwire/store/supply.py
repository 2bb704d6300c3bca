"""What a worker gets in one transaction: deliveries claimed, and everything that sending them takes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, Text, select

from bellwire.model.agent_chat import AgentChat
from bellwire.model.member import Member
from bellwire.model.message import Message
from bellwire.model.outcome import Remedy, Step
from bellwire.model.recipient import Person
from bellwire.store import agent_chats, amendment_queue, lanes, messages, queue, roster
from bellwire.store.amendment_queue import ClaimedAmendment
from bellwire.store.given import given, listed
from bellwire.store.lanes import LaneKey
from bellwire.store.queue import Claimed, Want
from bellwire.store.sightings import Sighting, of_many
from bellwire.store.tables import attempts


class Past(NamedTuple):
    """An attempt that is over."""

    step: Step
    started_at: datetime
    finished_at: datetime
    outcome: str
    remedy: Remedy | None
    retry_at: datetime | None


@dataclass(slots=True)
class Supply:
    """Deliveries claimed under ``worker``'s name at ``claimed_at`` for each want, in the order of the wants.

    ``due`` says for lanes that gave less than was wanted when their next delivery of that priority is due, if any is
    queued.
    """

    worker: str
    claimed_at: datetime
    claimed: list[tuple[Want, list[Claimed]]]
    due: dict[LaneKey, datetime]
    sightings: dict[Person, list[Sighting]] = field(default_factory=dict)
    agent_chats: dict[Person, AgentChat] = field(default_factory=dict)
    members: dict[Person, Member] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    pasts: dict[str, list[Past]] = field(default_factory=dict)


@dataclass(slots=True)
class Amendments:
    """Amendments claimed, and when the next one of each lane is due; their pasts go by their own ids."""

    worker: str
    claimed_at: datetime
    claimed: list[ClaimedAmendment]
    due: dict[LaneKey, datetime]
    messages: dict[str, Message] = field(default_factory=dict)
    pasts: dict[str, list[Past]] = field(default_factory=dict)


def fetch(
    conn: Connection,
    worker: str,
    wants: Sequence[Want],
    now: datetime,
    *,
    known_messages: Collection[str] = (),
    flows: Collection[str] = (),
) -> Supply:
    """Claim what is wanted, and gather what is needed to send it; messages in ``known_messages`` are left out.

    ``flows`` are the senders of kind ``flow``, who know of people what their flows have told.
    """
    owned = lanes.hold(conn, worker, {want.lane for want in wants}) if wants else set()
    mine = [want for want in wants if want.lane in owned]
    found = queue.claim(conn, worker, mine, now) if mine else {}
    claimed = [(want, found.get(want, [])) for want in wants]
    supply = Supply(worker, now, claimed, _next_due(conn, [want for want in mine if len(found[want]) < want.most]))
    every = [each for _, those in claimed for each in those]
    unknown = {each.message_id for each in every}.difference(known_messages)
    if unknown:
        supply.messages = messages.get_many(conn, unknown)
    supply.pasts = pasts(conn, [each.id for each in every if each.attempts])
    strangers = {
        Person(want.sender, want.tenant_id, each.aad_object_id)
        for want, those in claimed
        for each in those
        if each.chat_state is None
    }
    of_flows = {person for person in strangers if person.sender in flows}
    supply.sightings = _seen(conn, strangers - of_flows)
    supply.members = roster.members(conn, strangers - of_flows)
    supply.agent_chats = agent_chats.get_many(conn, of_flows)
    return supply


def _next_due(conn: Connection, short: Sequence[Want]) -> dict[LaneKey, datetime]:
    """Of the priorities that fell short only: what the others have may be due already, and simply not be wanted yet."""
    due: dict[LaneKey, datetime] = {}
    for want, at in queue.next_due(conn, short).items() if short else ():
        due[want.lane] = min(at, due.get(want.lane, at))
    return due


def amend(conn: Connection, worker: str, now: datetime, *, most: int, shut: Collection[LaneKey] = ()) -> Amendments:
    """Claim amendments that are due, and gather what carrying them out takes."""
    due = amendment_queue.next_due(conn, worker)
    claimed = amendment_queue.claim(conn, worker, due, now, most=most, shut=shut)
    found = Amendments(worker, now, claimed, due)
    if claimed:
        found.due = amendment_queue.next_due(conn, worker)
        found.messages = messages.get_many(conn, {each.message_id for each in claimed if each.message_id is not None})
        found.pasts = pasts(conn, [each.delivery_id for each in claimed if each.attempts], amending=True)
    return found


def pasts(conn: Connection, delivery_ids: Collection[str], *, amending: bool = False) -> dict[str, list[Past]]:
    """The attempts that are over, in their order: to send these deliveries, or (by amendment) to amend them."""
    found: dict[str, list[Past]] = {}
    if delivery_ids:
        for delivery_id, amendment_id, step, started_at, finished_at, outcome, remedy, retry_at in conn.execute(
            _pasts(conn.dialect.name), listed([each] for each in delivery_ids)
        ):
            healed = None if remedy is None else Remedy(remedy)
            past = Past(Step(step), started_at, finished_at, outcome, healed, retry_at)
            if (amendment_id is not None) == amending:
                found.setdefault(amendment_id or delivery_id, []).append(past)
    return found


def _seen(conn: Connection, strangers: Collection[Person]) -> dict[Person, list[Sighting]]:
    found: dict[Person, list[Sighting]] = {}
    for tenant_id in {each.tenant_id for each in strangers}:
        people = {each.aad_object_id for each in strangers if each.tenant_id == tenant_id}
        for sighting in of_many(conn, tenant_id, people):
            found.setdefault(sighting.person, []).append(sighting)
    return found


@cache
def _pasts(dialect: str) -> Select[Any]:
    wanted = given(dialect, id=Text)
    columns = ("delivery_id", "amendment_id", "step", "started_at", "finished_at", "outcome", "remedy", "retry_at")
    return (
        select(*(attempts.c[name] for name in columns))
        .join_from(wanted, attempts, attempts.c.delivery_id == wanted.c.id)
        .where(attempts.c.outcome.is_not(None))
        .order_by(attempts.c.delivery_id, attempts.c.number)
    )
