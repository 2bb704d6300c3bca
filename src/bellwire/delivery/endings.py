"""Endings of requests, and the one transaction that writes them down, with all that follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from bellwire.delivery.decision import Decision
from bellwire.delivery.history import healing, kind
from bellwire.delivery.work import Work
from bellwire.model.agent_chat import AgentChat
from bellwire.model.delivery import State
from bellwire.model.outcome import Outcome, Scope, Sent, Step
from bellwire.model.reason import Reason
from bellwire.model.reference import ConversationReference, Lesson, ReachState, Source, installed, learn, suspend
from bellwire.store import (
    agent_chats,
    amendment_queue,
    journal,
    lanes,
    people,
    queue,
    references,
    repair_queue,
    roster,
    sightings,
)
from bellwire.store.holding import Returned
from bellwire.store.journal import Result
from bellwire.store.lanes import LaneKey

RECHECK: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Ending:
    """One request that is over, or one delivery that goes its way without a request."""

    work: Work
    result: Result
    decision: Decision


def ending(work: Work, outcome: Outcome, decision: Decision, finished_at: datetime) -> Ending:
    """The ending of a request."""
    status = getattr(outcome, "status", None)
    code = getattr(outcome, "code", None) or None
    remedy = healing(outcome) if decision.state is State.SENDING else None
    sent = isinstance(outcome, Sent)
    pause = decision.pause
    result = Result(
        delivery_id=work.delivery_id,
        claimed_at=work.claimed_at,
        lane=work.lane,
        number=work.attempts,
        state=decision.state,
        finished_at=finished_at,
        outcome=kind(type(outcome)),
        status=status,
        code=code,
        remedy=remedy,
        retry_at=decision.run_at if pause is None else pause.until,
        run_at=decision.run_at,
        reason=decision.reason,
        activity_id=decision.activity_id,
        conversation_id=work.conversation_id if sent else None,
        service_url=work.service_url or None if sent else None,
        amendment_id=work.amendment_id,
        repair_id=work.repair_id,
    )
    return Ending(work, result, decision)


def write_down(
    conn: Connection, endings: Sequence[Ending], returned: Sequence[tuple[Work, datetime]], now: datetime
) -> set[str]:
    """Write down endings and what is given back; the keys of the works that were still their holder's to move."""
    moved = set[str]()
    for holder in {each.work.holder for each in endings} | {work.holder for work, _ in returned}:
        _give_back(conn, holder, [each for each in returned if each[0].holder == holder])
        moved |= _record(conn, holder, [each.result for each in endings if each.work.holder == holder])
    taught = [each for each in endings if _teaches(each.decision)]
    if taught:
        people.hold(conn, {each.work.person for each in taught})
        for each in taught:
            _teach(conn, each, now)
    agent_chats.learn(conn, filter(None, map(_told_by_flow, endings)))
    _shut(conn, endings)
    return moved


def _give_back(conn: Connection, worker: str, returned: Sequence[tuple[Work, datetime]]) -> None:
    rows = [(work, Returned(work.key, work.claimed_at, run_at)) for work, run_at in returned]
    deliveries = [row for work, row in rows if work.delivery_id and work.amendment_id is None]
    amendments = [row for work, row in rows if work.amendment_id is not None]
    repairs = [row for work, row in rows if work.repair_id is not None]
    if deliveries:
        queue.give_back(conn, worker, deliveries)
    if amendments:
        amendment_queue.give_back(conn, worker, amendments)
    if repairs:
        repair_queue.give_back(conn, worker, repairs)


def _record(conn: Connection, worker: str, results: Sequence[Result]) -> set[str]:
    amendments = [each for each in results if each.amendment_id is not None]
    repairs = [each for each in results if each.repair_id is not None]
    deliveries = [each for each in results if each.delivery_id and each.amendment_id is None]
    moved = journal.record(conn, worker, deliveries) if deliveries else set()
    if amendments:
        moved |= amendment_queue.record(conn, worker, amendments)
    if repairs:
        moved |= repair_queue.record(conn, worker, repairs)
    return moved


def _teaches(decision: Decision) -> bool:
    return (
        decision.installed
        or decision.address is not None
        or decision.suspension is not None
        or decision.state is State.WAITING
    )


def _told_by_flow(each: Ending) -> AgentChat | None:
    """What the ending of a request says of the person's chat with the flow's agent."""
    person, at = each.work.person, each.result.finished_at
    if each.work.by_flow and each.decision.state is State.SENT:
        return AgentChat(person=person, delivered_at=at)
    if each.decision.suspension is Reason.AGENT_NOT_INSTALLED:
        return AgentChat(person=person, absent_at=at)
    return None


def _teach(conn: Connection, each: Ending, now: datetime) -> None:
    """Change the person's reference by what the request found, and wake who waits if that, or an install that came
    in between, leaves the person reachable."""
    known, suspension = references.get(conn, each.work.person), each.decision.suspension
    if suspension is not None and each.work.step is Step.OPEN_CHAT_AS_MEMBER:
        roster.refuse(conn, each.work.person, suspension, now)
    if suspension is not None and known is None:
        sightings.refuse(conn, each.work.person, suspension, each.work.started_at or now)
    changed = _changed(known, each, now)
    if changed is None:
        return
    if changed != known:
        references.put(conn, changed)
    if changed.state is ReachState.REACHABLE:
        queue.wake(conn, changed.person, now if each.decision.state is State.SENDING else now + RECHECK)


def _changed(known: ConversationReference | None, each: Ending, now: datetime) -> ConversationReference | None:
    decision, address = each.decision, each.decision.address
    if decision.suspension is not None and known is not None:
        return suspend(known, decision.suspension, each.work.started_at or now)
    if decision.installed and known is not None:
        return installed(known, each.result.finished_at)
    if address is None:
        return known
    conversation_id = address.conversation_id or each.work.conversation_id
    if conversation_id is None:
        return known
    lesson = Lesson(
        person=each.work.person,
        at=each.result.finished_at,
        source=Source.CREATED,
        conversation_id=conversation_id,
        service_url=address.service_url,
        user_id=each.work.user_id,
    )
    return learn(known, lesson, now)


def _shut(conn: Connection, endings: Sequence[Ending]) -> None:
    until: dict[LaneKey, datetime] = {}
    for each in endings:
        pause, lane = each.decision.pause, each.work.lane
        if pause is not None and pause.scope is Scope.TENANT:
            until[lane] = max(pause.until, until.get(lane, pause.until))
    for lane in sorted(until, key=lanes.in_order):
        lanes.pause(conn, lane, until[lane])
