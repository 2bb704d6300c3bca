"""Deliveries: accepted in bulk, read one by one or by pages, cancelled, sent again.

Every change of state is one guarded statement: it names the states that it may start from, and says whether it found
one. What the worker does with deliveries is in ``queue`` and ``journal``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, Select, bindparam, select, update

from bellwire.model.delivery import TRANSITIONS, Delivery, IfChatActive, IfUnreachable, OnUnknown, Priority, State
from bellwire.model.message import Message
from bellwire.model.reason import Reason
from bellwire.model.recipient import Person, Recipient, RecipientKind
from bellwire.store import attempts, books, messages
from bellwire.store.attempts import Attempt
from bellwire.store.bulk import BulkInsert
from bellwire.store.columns import UtcTime
from bellwire.store.given import stamp
from bellwire.store.tables import deliveries, in_state
from bellwire.store.transaction import ended
from bellwire.store.wakeup import ring


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """A delivery to accept. ``message`` is stored with it; None if it is stored already. ``key_id`` is the caller's."""

    delivery: Delivery
    message: Message | None
    key_id: str | None = None


class Alike(NamedTuple):
    """What is different in one of many deliveries of one message; ``state`` is no final one."""

    id: str
    aad_object_id: str
    state: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """Whether a change was made, and the delivery as it is now."""

    done: bool
    delivery: Delivery


def accept(conn: Connection, new: Sequence[NewDelivery]) -> list[Delivery]:
    """Store deliveries and their messages, move the books, and wake the worker: all of it or nothing.

    Any number is taken in one transaction, which SQLite's only writer is busy with for about 1.5 seconds for each
    100,000; other writes wait meanwhile. Whoever must not make them wait divides a large list into several calls, and
    knows that each of these stands for itself.
    """
    spoken = {each.message.id: each.message for each in new if each.message is not None}
    if new:
        messages.add(conn, spoken.values(), new[0].delivery.accepted_at)
    _INSERT(conn, _rows(new, stamp(conn)))
    for (sender, tenant_id, counter), number in _gains(new).items():
        books.move(conn, sender, tenant_id, counter, number)
    if over := [each.delivery.id for each in new if each.delivery.state.final]:
        ended(conn, over)
    if any(each.delivery.state is State.QUEUED for each in new):
        ring(conn)
    return [each.delivery for each in new]


def accept_alike(conn: Connection, pattern: NewDelivery, alike: Sequence[Alike]) -> None:
    """Store deliveries of one message that differ in nothing but what ``alike`` says; otherwise as ``accept``.

    A hundred thousand of them never become objects, which would cost more than to store them.
    """
    if not alike:
        return
    if pattern.message is not None:
        messages.add(conn, [pattern.message], pattern.delivery.accepted_at)
    (row,) = _rows([pattern], stamp(conn))
    places = [_INSERTED.index(name) for name in ("id", "aad_object_id", "recipient_value", "state", "reason")]
    _INSERT(conn, (_changed(row, places, (each[0], each[1], *each[1:])) for each in alike))
    person = pattern.delivery.person
    books.move(conn, person.sender, person.tenant_id, books.ACCEPTED, len(alike))
    if any(each.state == State.QUEUED for each in alike):
        ring(conn)


def get(conn: Connection, delivery_id: str) -> Delivery | None:
    """The delivery with this id."""
    row = conn.execute(_GET, {"delivery": delivery_id}).one_or_none()
    return None if row is None else delivery_of(row)


def get_with_attempts(conn: Connection, delivery_id: str) -> tuple[Delivery, list[Attempt]] | None:
    """The delivery with this id, and every attempt at it."""
    delivery = get(conn, delivery_id)
    return None if delivery is None else (delivery, attempts.of(conn, delivery_id))


def page(
    conn: Connection,
    *,
    tenants: Collection[str] | None = None,
    sender: str | None = None,
    aad_object_id: str | None = None,
    state: State | None = None,
    message_id: str | None = None,
    after: str | None = None,
    limit: int = 100,
) -> list[Delivery]:
    """Deliveries, the newest first; ``after`` is the id of the last one of the page before.

    With a ``message_id``, those that were accepted together with the message: their ids begin with the same moment.
    """
    statement = _ALL.order_by(deliveries.c.id.desc()).limit(limit)
    if tenants is not None:
        statement = statement.where(deliveries.c.tenant_id.in_(sorted(tenants)))
    for column, value in ((deliveries.c.sender, sender), (deliveries.c.aad_object_id, aad_object_id)):
        statement = statement if value is None else statement.where(column == value)
    if state is not None:
        statement = statement.where(in_state(state), *((deliveries.c.finished_at.is_not(None),) * state.final))
    if message_id is not None:
        moment = message_id[:_MOMENT]
        together = (deliveries.c.id > moment, deliveries.c.id < f"{moment}.", deliveries.c.message_id == message_id)
        statement = statement.where(*together)
    if after is not None:
        statement = statement.where(deliveries.c.id < after)
    return [delivery_of(row) for row in conn.execute(statement)]


def cancel(conn: Connection, delivery_id: str, now: datetime) -> Change | None:
    """Cancel a delivery that is not being sent at this moment; None if there is no such delivery."""
    row = conn.execute(_CANCEL, {"delivery": delivery_id, "now": now}).one_or_none()
    if row is None:
        delivery = get(conn, delivery_id)
        return None if delivery is None else Change(False, delivery)
    delivery = delivery_of(row)
    books.move(conn, delivery.person.sender, delivery.person.tenant_id, State.CANCELLED)
    ended(conn, [delivery.id])
    return Change(True, delivery)


def resend(
    conn: Connection,
    delivery_id: str,
    *,
    new_id: str,
    now: datetime,
    state: State = State.QUEUED,
    reason: Reason | None = None,
    expires_at: datetime | None = None,
    key_id: str | None = None,
) -> Change | None:
    """Try a delivery that ended badly again, as a new delivery; None if there is no such delivery.

    Nothing is done with one that was sent or is still open (it is returned as it is), nor with one that was sent again
    before (that later delivery is returned): whoever asks twice does not send twice.
    """
    old = get(conn, delivery_id)
    if old is None:
        return None
    if not old.state.final or old.state is State.SENT:
        return Change(False, old)
    resent = conn.execute(_RESENT, {"delivery": delivery_id}).one_or_none()
    if resent is not None:
        return Change(False, delivery_of(resent))
    fresh = replace(_afresh(old, new_id, now), state=state, reason=reason, expires_at=expires_at)
    accept(conn, [NewDelivery(delivery=fresh, message=None, key_id=key_id)])
    return Change(True, fresh)


def delivery_of(row: Row[Any] | SimpleNamespace) -> Delivery:
    """The delivery that a row with the columns ``COLUMNS`` holds."""
    return Delivery(
        id=row.id,
        message_id=row.message_id,
        person=Person(row.sender, row.tenant_id, row.aad_object_id),
        recipient=Recipient(RecipientKind(row.recipient_kind), row.recipient_value, row.recipient_tenant_id),
        state=State(row.state),
        priority=Priority(row.priority),
        run_at=row.run_at,
        accepted_at=row.accepted_at,
        expires_at=row.expires_at,
        if_unreachable=IfUnreachable(row.if_unreachable),
        on_unknown=OnUnknown(row.on_unknown),
        if_chat_active=IfChatActive(row.if_chat_active),
        caller_reference=row.caller_reference,
        attempts=row.attempts,
        reason=None if row.reason is None else Reason(row.reason),
        conversation_id=row.conversation_id,
        service_url=row.service_url,
        activity_id=row.activity_id,
        finished_at=row.finished_at,
        resend_of=row.resend_of,
        changed_at=row.changed_at,
        taken_back_at=row.taken_back_at,
    )


def before(target: State) -> tuple[State, ...]:
    """The states from which there is a way to ``target``."""
    return tuple(state for state, ways in TRANSITIONS.items() if target in ways)


def _afresh(old: Delivery, new_id: str, now: datetime) -> Delivery:
    return replace(
        old,
        id=new_id,
        resend_of=old.id,
        run_at=now,
        accepted_at=now,
        attempts=0,
        finished_at=None,
        conversation_id=None,
        service_url=None,
        activity_id=None,
        changed_at=None,
        taken_back_at=None,
    )


def _gains(new: Sequence[NewDelivery]) -> Counter[tuple[str, str, str]]:
    people = [each.delivery.person for each in new]
    gains = Counter((person.sender, person.tenant_id, books.ACCEPTED) for person in people)
    over = (each.delivery for each in new if each.delivery.state.final)
    gains.update((each.person.sender, each.person.tenant_id, str(each.state)) for each in over)
    return gains


def _rows(new: Sequence[NewDelivery], time: Callable[[datetime | None], Any]) -> Iterator[tuple[Any, ...]]:
    """In the order of ``_INSERTED``."""
    for each in new:
        delivery = each.delivery
        person, recipient = delivery.person, delivery.recipient
        yield (
            delivery.id,
            delivery.message_id,
            person.tenant_id,
            person.sender,
            person.aad_object_id,
            str(recipient.kind),
            recipient.value,
            recipient.tenant_id,
            str(delivery.state),
            int(delivery.priority),
            time(delivery.run_at),
            time(delivery.accepted_at),
            time(delivery.expires_at),
            str(delivery.if_unreachable),
            str(delivery.on_unknown),
            str(delivery.if_chat_active),
            delivery.caller_reference,
            delivery.attempts,
            None if delivery.reason is None else str(delivery.reason),
            delivery.conversation_id,
            delivery.service_url,
            delivery.activity_id,
            time(delivery.finished_at),
            delivery.resend_of,
            each.key_id,
        )


def _changed(row: tuple[Any, ...], places: Sequence[int], values: Sequence[Any]) -> tuple[Any, ...]:
    changed = list(row)
    for place, value in zip(places, values, strict=True):
        changed[place] = value
    return tuple(changed)


_INSERTED: Final = (
    "id",
    "message_id",
    "tenant_id",
    "sender",
    "aad_object_id",
    "recipient_kind",
    "recipient_value",
    "recipient_tenant_id",
    "state",
    "priority",
    "run_at",
    "accepted_at",
    "expires_at",
    "if_unreachable",
    "on_unknown",
    "if_chat_active",
    "caller_reference",
    "attempts",
    "reason",
    "conversation_id",
    "service_url",
    "activity_id",
    "finished_at",
    "resend_of",
    "key_id",
)
_MOMENT: Final = len("01932f6e-7c1a")  # the milliseconds of an id; a full stop sorts after the hyphen that follows
_UNSHOWN: Final = ("claimed_by", "claimed_at", "key_id")
COLUMNS: Final = tuple(column for column in deliveries.c if column.name not in _UNSHOWN)
_INSERT: Final = BulkInsert(deliveries, _INSERTED)
_ALL: Final[Select[Any]] = select(*COLUMNS)
_GET: Final = _ALL.where(deliveries.c.id == bindparam("delivery"))
_RESENT: Final = _ALL.where(deliveries.c.resend_of == bindparam("delivery"))
_CANCEL: Final = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("delivery"), in_state(*before(State.CANCELLED)))
    .values(state=State.CANCELLED, reason=Reason.CANCELLED, finished_at=bindparam("now", type_=UtcTime))
    .returning(*COLUMNS)
)
