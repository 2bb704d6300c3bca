"""The accepting write: many callers' messages in one transaction, each accepted, refused, or found to be a replay."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import orjson
from sqlalchemy import Connection

from bellwire.errors import BellwireError, IdempotencyConflict
from bellwire.model.delivery import Delivery, IfUnreachable, State
from bellwire.model.message import Message
from bellwire.model.reach import Obstacle, Reachable, first_state
from bellwire.model.reason import Reason
from bellwire.model.recipient import Person
from bellwire.service.admission import reach_many, refusal
from bellwire.store import deliveries, idempotency, people
from bellwire.store.deliveries import NewDelivery
from bellwire.store.idempotency import Verdict


@dataclass(frozen=True, slots=True)
class Accepted:
    """A delivery as it was when it was accepted. ``replayed``: by an earlier request with the same key and body."""

    delivery: Delivery
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A checked message on its way into the store. ``key`` is the caller's Idempotency-Key.

    ``others`` is the same person as other senders know them, to be turned to in this order.
    """

    delivery: Delivery
    others: tuple[Person, ...] = ()
    message: Message
    caller: str
    key: str | None = None
    body_hash: str = ""


Outcome = Accepted | BellwireError


def accept(conn: Connection, candidates: list[Candidate], *, flows: Collection[str] = ()) -> list[Outcome]:
    """Write down all candidates that are neither refused nor replays, in few statements."""
    if not candidates:
        return []
    if patient := {one.delivery.person for one in candidates if one.delivery.if_unreachable is IfUnreachable.WAIT}:
        # Otherwise a capture that commits at this moment could miss what has just begun to wait for it.
        people.hold(conn, patient)
    everyone = {person for one in candidates for person in (one.delivery.person, *one.others)}
    ways = reach_many(conn, everyone, flows, max(one.delivery.accepted_at for one in candidates))
    new: dict[str, NewDelivery] = {}
    outcomes = []
    for one in candidates:
        turned = _turned(one, ways)
        outcomes.append(_outcome(conn, turned, ways[turned.delivery.person], new))
    deliveries.accept(conn, list(new.values()))
    return outcomes


def placed(delivery: Delivery, found: Reachable | Obstacle) -> Delivery | Obstacle:
    """The delivery in its first state, with what it waits for; or the obstacle for which it is refused."""
    state = first_state(found, delivery.if_unreachable)
    if isinstance(state, Obstacle):
        return state
    return replace(
        delivery, state=state, reason=found.reason if isinstance(found, Obstacle) and state is State.WAITING else None
    )


def _turned(one: Candidate, ways: Mapping[Person, Reachable | Obstacle]) -> Candidate:
    """The candidate, turned to the first sender that reaches the person; as it is if none does."""
    if isinstance(ways[one.delivery.person], Reachable):
        return one
    way = next((other for other in one.others if isinstance(ways[other], Reachable)), None)
    return one if way is None else replace(one, delivery=replace(one.delivery, person=way))


def _outcome(conn: Connection, one: Candidate, found: Reachable | Obstacle, new: dict[str, NewDelivery]) -> Outcome:
    delivery = placed(one.delivery, found)
    if one.key is not None:
        earlier = _earlier(conn, one, one.key, delivery, new)
        if earlier is not None:
            return earlier
    if isinstance(delivery, Obstacle):
        return refusal(delivery)
    new[delivery.id] = NewDelivery(delivery=delivery, message=one.message, key_id=one.caller)
    return Accepted(delivery)


def _earlier(
    conn: Connection, one: Candidate, key: str, delivery: Delivery | Obstacle, new: dict[str, NewDelivery]
) -> Outcome | None:
    """What the first request with this key was answered; nothing if this is the first."""
    claim = idempotency.claim(
        conn,
        one.caller,
        key,
        one.body_hash,
        one.delivery.accepted_at,
        delivery_id=one.delivery.id,
        answer=None if isinstance(delivery, Obstacle) else _answer(delivery),
    )
    if claim.verdict is Verdict.CONFLICT:
        return IdempotencyConflict("The key came with another request before.", field="Idempotency-Key")
    if claim.verdict is Verdict.FRESH:
        if isinstance(delivery, Obstacle):
            # A refusal stands for this moment only: the same request may succeed later.
            idempotency.release(conn, one.caller, key)
        return None
    first = new[claim.delivery_id].delivery if claim.delivery_id in new else deliveries.get(conn, claim.delivery_id)
    return None if first is None else Accepted(_as_answered(first, claim.answer), replayed=True)


def _answer(delivery: Delivery) -> str:
    return orjson.dumps([delivery.state, delivery.reason, delivery.run_at]).decode()


def _as_answered(delivery: Delivery, answer: str | None) -> Delivery:
    """The delivery as it was first answered: what has happened to it since is taken away again."""
    if answer is None:
        return delivery
    state, reason, run_at = orjson.loads(answer)
    return replace(
        delivery,
        state=State(state),
        reason=None if reason is None else Reason(reason),
        run_at=datetime.fromisoformat(run_at),
        attempts=0,
        conversation_id=None,
        service_url=None,
        activity_id=None,
        finished_at=None,
        changed_at=None,
        taken_back_at=None,
    )
