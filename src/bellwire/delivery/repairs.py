"""Opens the Teams chats that callers asked for without a message, in the lanes' pace and behind everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from bellwire.delivery.decision import Decision
from bellwire.delivery.history import History
from bellwire.delivery.intake import told_last
from bellwire.delivery.recorder import STORE_PAUSE, Recorder
from bellwire.delivery.station import Station
from bellwire.delivery.work import Work
from bellwire.errors import StoreUnavailable
from bellwire.model.delivery import Priority, State
from bellwire.model.member import Member
from bellwire.model.outcome import Step
from bellwire.model.reach import OPENABLE
from bellwire.model.recipient import Person
from bellwire.store import references, repair_queue, roster, sightings
from bellwire.store.lanes import LaneKey
from bellwire.store.recall import Claims
from bellwire.store.repair_queue import ClaimedRepair
from bellwire.store.sightings import Sighting

log = structlog.get_logger(__name__)

PRIORITY: Final = Priority.BULK
LANES_AT_ONCE: Final = 32
"""Lanes in which one transaction claims; the others have their turn in the next."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One claimed repair with what is known of its person; ``known``: their chat, by now."""

    row: ClaimedRepair
    person: Person
    seen: Sequence[Sighting] = ()
    member: Member | None = None
    known: bool = False


class Repairs:
    """Claims repairs as bulk deliveries are claimed: as many as a lane has room for, and no more.

    From there each goes the way of a delivery: it takes its turn, is begun, sent and recorded like one. It ends when
    Teams has made, or refused to make, the chat.
    """

    def __init__(self, station: Station, recorder: Recorder) -> None:
        self._station = station
        self._recorder = recorder
        self._at_work = asyncio.Lock()

    async def run(self) -> None:
        """Claim for ever what is due."""
        station = self._station
        while True:
            await station.repairs_due.wait()
            station.repairs_due.clear()
            worker, claims = station.worker, Claims()
            try:
                async with self._at_work:
                    await self._round(worker, claims)
            except StoreUnavailable as error:
                log.warning("repairs_wait", code=error.code)
                await asyncio.sleep(STORE_PAUSE)
                await self._recorder.recall(worker, claims)
                station.repairs_due.set()

    async def idle(self) -> None:
        """Return when nothing is being claimed."""
        async with self._at_work:
            return

    async def _round(self, worker: str, claims: Claims) -> None:
        station = self._station
        rooms = {lane.key: room for lane in station.lanes if (room := self._room(lane.key)) > 0}
        if not rooms or station.stopping:
            return
        found = await station.database.write(partial(_noted, claims, worker, rooms, station.clock()))
        for key, claimed in found.items():
            for claim in claimed:
                self._take_in(worker, key, claim)
        if found:
            station.repairs_due.set()

    def _room(self, key: LaneKey) -> int:
        """How many the lane takes now; where it is shut, it is looked at again when it opens."""
        station, now = self._station, self._station.ticks()
        lane, gate = station.lanes.get(key), station.lanes.gate(key.sender)
        if lane is None or lane.leaving or key.sender in station.tuning.flows:
            return 0
        opens = lane.paused_until if gate is None else max(lane.paused_until, gate.opens_at())
        if opens > now:
            station.agenda.put(key, opens)
            return 0
        most, at_hand = station.tuning.at_hand_of(key.sender) if gate is None else 1, lane.at_hand(PRIORITY)
        return most - at_hand if at_hand <= most // 2 else 0

    def _take_in(self, worker: str, key: LaneKey, claim: Claim) -> None:
        station, lane = self._station, self._station.lanes.get(key)
        work = _work(station, worker, key, claim)
        if claim.known:
            self._recorder.ends(work, Decision(state=State.SENT))
        elif claim.member is not None and claim.member.guest:
            self._recorder.ends(work, Decision(state=State.UNDELIVERABLE, reason=claim.member.obstacle))
        elif lane is None or lane.leaving or station.stopping or work.holder != station.worker:
            self._recorder.give_back(work, work.run_at)
        else:
            lane.add(work)
            station.lanes.touch(lane)
            station.startable.set()


def _noted(
    claims: Claims, worker: str, rooms: Mapping[LaneKey, int], now: datetime, conn: Connection
) -> dict[LaneKey, list[Claim]]:
    found = _claimed(conn, worker, rooms, now)
    claims.repairs.update(each.row.id for claimed in found.values() for each in claimed)
    return found


def _claimed(conn: Connection, worker: str, rooms: Mapping[LaneKey, int], now: datetime) -> dict[LaneKey, list[Claim]]:
    """What each lane gets, with all that opening the chats takes; lanes that get nothing are left out."""
    due = repair_queue.due_in(conn, worker, rooms, now, LANES_AT_ONCE)
    taken = {key: repair_queue.claim(conn, worker, key, now, rooms[key]) for key in due}
    return {key: _known(conn, key, rows) for key, rows in taken.items() if rows}


def _known(conn: Connection, key: LaneKey, rows: Sequence[ClaimedRepair]) -> list[Claim]:
    persons = {row.id: Person(key.sender, key.tenant_id, row.aad_object_id) for row in rows}
    chats = references.states(conn, persons.values())
    members = roster.members(conn, persons.values())
    seen: dict[Person, list[Sighting]] = {}
    for each in sightings.of_many(conn, key.tenant_id, [row.aad_object_id for row in rows]):
        seen.setdefault(each.person, []).append(each)
    return [
        Claim(row, person, seen.get(person, ()), members.get(person), person in chats)
        for row, person in ((row, persons[row.id]) for row in rows)
    ]


def _work(station: Station, worker: str, key: LaneKey, claim: Claim) -> Work:
    """The roster's id comes first for whoever was never seen using the agent, as with a message (decision 23)."""
    row, member = claim.row, claim.member
    uses_agent = any(each.surface in OPENABLE for each in claim.seen)
    told = member.service_url if member is not None else told_last(claim.seen)
    return Work(
        repair_id=row.id,
        lane=key,
        person=claim.person,
        priority=PRIORITY,
        step=Step.OPEN_CHAT if member is None or uses_agent else Step.OPEN_CHAT_AS_MEMBER,
        service_url=told or station.senders[key.sender].default_service_url,
        attempts=row.attempts,
        run_at=row.run_at,
        holder=worker,
        claimed_at=row.claimed_at,
        user_id=None if member is None else member.user_id,
        history=_history(row),
    )


def _history(row: ClaimedRepair) -> History:
    """What the row says of the requests before; each of them failed by itself."""
    waited = None if row.answered_at is None else max((row.run_at - row.answered_at).total_seconds(), 0.0)
    return History(tries=row.attempts, first_at=row.first_at, waited=waited)
