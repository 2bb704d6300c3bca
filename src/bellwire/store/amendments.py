"""Changes and withdrawals of what was said: asked for by callers, carried out by the worker.

What has not gone out is changed in its row, in the transaction that asks. What was sent is changed in Teams, so the
wish is a row of its own, which the worker takes up. Only the newest wish for a delivery counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, insert, literal_column, null, select, update

from bellwire.model.delivery import Delivery, State
from bellwire.model.message import Message
from bellwire.model.outcome import Step
from bellwire.model.reason import Reason
from bellwire.store import deliveries as kept
from bellwire.store import messages
from bellwire.store.columns import UtcTime
from bellwire.store.deliveries import COLUMNS, delivery_of
from bellwire.store.tables import amendments, deliveries, in_state
from bellwire.store.wakeup import ring


class Progress(StrEnum):
    """Where an amendment stands; what is neither ``queued`` nor ``sending`` is over."""

    QUEUED = "queued"
    SENDING = "sending"
    DONE = "done"
    SUPERSEDED = "superseded"
    FAILED = "failed"


class Refusal(StrEnum):
    """Why a wish is not taken."""

    BEING_SENT = "being_sent"
    NEVER_SENT = "never_sent"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """One wish to change, or to take back, what was sent."""

    id: str
    delivery_id: str
    step: Step
    progress: Progress
    accepted_at: datetime
    run_at: datetime
    finished_at: datetime | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The delivery as it is now, and what became of the wish: done at once if there is neither of the other two."""

    delivery: Delivery
    amendment: Amendment | None = None
    refusal: Refusal | None = None


def change(conn: Connection, delivery_id: str, message: Message, *, new_id: str, now: datetime) -> Answer | None:
    """Have a delivery say something else; None if there is no such delivery."""
    messages.add(conn, [message], now)
    row = conn.execute(_CHANGE_UNSENT, {"delivery": delivery_id, "message": message.id, "at": now}).one_or_none()
    if row is not None:
        return Answer(delivery_of(row))
    return _amend(conn, delivery_id, Step.CHANGE, message.id, new_id, now)


def take_back(conn: Connection, delivery_id: str, *, new_id: str, now: datetime) -> Answer | None:
    """Have a delivery say nothing: cancelled if it has not gone out, deleted in Teams if it has; None if unknown."""
    cancelled = kept.cancel(conn, delivery_id, now)
    if cancelled is None:
        return None
    if cancelled.done or cancelled.delivery.state is State.CANCELLED:
        return Answer(cancelled.delivery)
    return _amend(conn, delivery_id, Step.TAKE_BACK, None, new_id, now)


def of(conn: Connection, delivery_id: str) -> list[Amendment]:
    """The wishes about a delivery, the first one first."""
    return [_amendment_of(row) for row in conn.execute(_OF, {"delivery": delivery_id})]


def _amend(
    conn: Connection, delivery_id: str, step: Step, message_id: str | None, new_id: str, now: datetime
) -> Answer | None:
    row = conn.execute(_LOCK, {"delivery": delivery_id}).one_or_none()
    if row is None:
        return None
    delivery = delivery_of(row)
    standing = [each for each in of(conn, delivery_id) if each.progress in (Progress.QUEUED, Progress.SENDING)]
    withdrawn = any(each.step is Step.TAKE_BACK for each in standing)
    refusal = _refusal(delivery, step, withdrawn=withdrawn)
    if refusal is not None:
        return Answer(delivery, refusal=refusal)
    if delivery.taken_back_at is not None:
        return Answer(delivery)
    if step is Step.TAKE_BACK and withdrawn:
        return Answer(delivery, next(each for each in standing if each.step is Step.TAKE_BACK))
    conn.execute(_SUPERSEDE, {"delivery": delivery_id, "at": now})
    values = {
        "id": new_id,
        "delivery_id": delivery_id,
        "tenant_id": delivery.person.tenant_id,
        "sender": delivery.person.sender,
        "aad_object_id": delivery.person.aad_object_id,
        "step": step,
        "message_id": message_id,
        "state": Progress.QUEUED,
        "run_at": now,
        "accepted_at": now,
    }
    new = conn.execute(_INSERT, values).one()
    ring(conn)
    return Answer(delivery, _amendment_of(new))


def _refusal(delivery: Delivery, step: Step, *, withdrawn: bool) -> Refusal | None:
    if not delivery.state.final:
        return Refusal.BEING_SENT
    if delivery.state is not State.SENT:
        return Refusal.NEVER_SENT
    gone = withdrawn or delivery.taken_back_at is not None
    return Refusal.TAKEN_BACK if gone and step is Step.CHANGE else None


def _amendment_of(row: Row[Any]) -> Amendment:
    return Amendment(
        id=row.id,
        delivery_id=row.delivery_id,
        step=Step(row.step),
        progress=Progress(row.state),
        accepted_at=row.accepted_at,
        run_at=row.run_at,
        finished_at=row.finished_at,
        reason=None if row.reason is None else Reason(row.reason),
    )


_AT: Final = bindparam("at", type_=UtcTime)
_CHANGE_UNSENT: Final = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("delivery"), in_state(State.QUEUED, State.WAITING))
    .values(message_id=bindparam("message"), changed_at=_AT)
    .returning(*COLUMNS)
)
_LOCK: Final = select(*COLUMNS).where(deliveries.c.id == bindparam("delivery")).with_for_update()
_OF: Final = select(amendments).where(amendments.c.delivery_id == bindparam("delivery")).order_by(amendments.c.id)
_SUPERSEDE: Final = (
    update(amendments)
    .where(amendments.c.delivery_id == bindparam("delivery"), amendments.c.state == literal_column("'queued'"))
    .values(state=Progress.SUPERSEDED, finished_at=_AT, claimed_by=null(), claimed_at=null())
)
_INSERT: Final = insert(amendments).returning(amendments)
