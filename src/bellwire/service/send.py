"""Accepts messages: each is checked, its person found reachable or refused, and written down before it is answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from secrets import randbits

from sqlalchemy import Connection

from bellwire.errors import BellwireError, Conflict
from bellwire.model.delivery import Delivery, State
from bellwire.model.ids import RANDOM_BITS, uuid7
from bellwire.model.message import Message
from bellwire.model.reach import Obstacle
from bellwire.model.reason import Reason
from bellwire.model.recipient import Person, Recipient
from bellwire.service.acceptance import Accepted, Candidate, Outcome, accept, placed
from bellwire.service.accepting import accepting
from bellwire.service.admission import reach_many, refusal
from bellwire.service.command import SendCommand, Terms, check_content, check_terms, fingerprint
from bellwire.service.deliveries import unknown_delivery
from bellwire.service.senders import Senders
from bellwire.service.who import Who
from bellwire.store import deliveries
from bellwire.store.database import Database
from bellwire.tracing import carried


class Sending:
    """Accepts messages to one person each. ``clock`` tells the time in UTC."""

    def __init__(self, database: Database, senders: Senders, who: Who, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._who = who
        self._senders = senders
        self._clock = clock
        self._accept_all = partial(accept, flows=senders.flows)
        self._accept = database.batched(self._accept_all)

    async def accept(self, command: SendCommand, *, caller: str, idempotency_key: str | None = None) -> Accepted:
        """Write one message down; the worker takes it from there. Returns once it is committed.

        ``caller`` is the id of the API key. The same ``idempotency_key`` of the same caller with the same command is
        answered as the first time, for 24 hours.

        Raises:
            InvalidInput, NotFound, TenantNotAllowed: a field is wrong; it is named.
            Conflict: it would be too late, or the key came with another command before.
            Unreachable: the person cannot be found, or not be reached and the caller did not want to wait.
            Unavailable: the database, or the directory that knows the person's address, does not answer; nothing was
                accepted.
        """
        with accepting() as span:
            outcome = await self._accept(await self._candidate(command, caller, idempotency_key))
            if isinstance(outcome, BellwireError):
                raise outcome
            span.set_attribute("messaging.destination.name", outcome.delivery.person.sender)
            span.set_attribute("messaging.message.id", outcome.delivery.id)
            return outcome

    async def accept_many(self, commands: Sequence[SendCommand], *, caller: str) -> list[Outcome]:
        """Write many messages down in one transaction; in the place of each, what became of it."""
        checked = [await self._checked(command, caller) for command in commands]
        good = [one for one in checked if isinstance(one, Candidate)]
        outcomes = iter(await self._database.write(lambda conn: self._accept_all(conn, good)))
        return [next(outcomes) if isinstance(one, Candidate) else one for one in checked]

    async def resend(self, delivery_id: str, *, caller: str) -> Accepted:
        """Try a delivery again that ended without being sent, as a new delivery on the same terms.

        Whoever asks twice gets the delivery that was made the first time.

        Raises:
            NotFound: there is no such delivery, or its sender is not configured any more.
            Conflict: it was sent, or is still open.
            TenantNotAllowed: the tenant is not on the allow-list any more.
            Unreachable: the person cannot be reached, and the caller did not want to wait.
        """
        return await self._database.write(lambda conn: self._resend(conn, delivery_id, caller))

    async def _checked(self, command: SendCommand, caller: str) -> Candidate | BellwireError:
        try:
            return await self._candidate(command, caller, None)
        except BellwireError as error:
            return error

    async def _candidate(self, command: SendCommand, caller: str, key: str | None) -> Candidate:
        now = self._clock()
        check_content(command.content)
        check_terms(command.terms, now)
        named = command.terms.sender
        person = await self._who.person(self._senders.choose(named), command.to)
        others = self._senders.others(named, person.sender, person.tenant_id)
        content = command.content
        message = Message(new_id(now), content.text, content.card, content.summary, carried())
        return Candidate(
            delivery=new_delivery(person, command.to, command.terms, message.id, now),
            others=tuple(replace(person, sender=other) for other in others),
            message=message,
            caller=caller,
            key=key,
            body_hash=fingerprint(command) if key is not None else "",
        )

    def _resend(self, conn: Connection, delivery_id: str, caller: str) -> Accepted:
        old = deliveries.get(conn, delivery_id)
        if old is None:
            raise unknown_delivery()
        self._senders.known(old.person.sender)
        self._senders.tenant(old.person.sender, old.person.tenant_id, field="id")
        now = self._clock()
        delivery = placed(old, reach_many(conn, [old.person], self._senders.flows, now)[old.person])
        wanted = replace(old, state=State.QUEUED) if isinstance(delivery, Obstacle) else delivery
        change = deliveries.resend(
            conn,
            delivery_id,
            new_id=new_id(now),
            now=now,
            state=wanted.state,
            reason=wanted.reason,
            expires_at=old.expires_at if old.expires_at is not None and old.expires_at > now else None,
            key_id=caller,
        )
        assert change is not None
        if change.delivery.id == delivery_id:
            raise _not_over(change.delivery)
        if change.done and isinstance(delivery, Obstacle):
            raise refusal(delivery)  # the new delivery goes with the transaction
        return Accepted(change.delivery, replayed=not change.done)


def new_delivery(
    person: Person,
    recipient: Recipient,
    terms: Terms,
    message_id: str,
    now: datetime,
    *,
    state: State = State.QUEUED,
    reason: Reason | None = None,
) -> Delivery:
    """The delivery that is asked for; ``reason`` is what it waits for."""
    return Delivery(
        id=new_id(now),
        message_id=message_id,
        person=person,
        recipient=recipient,
        state=state,
        priority=terms.priority,
        run_at=max(now, terms.send_at or now),
        accepted_at=now,
        expires_at=terms.expires_at,
        if_unreachable=terms.if_unreachable,
        on_unknown=terms.on_unknown,
        if_chat_active=terms.if_chat_active,
        caller_reference=terms.reference,
        reason=reason,
    )


def new_id(now: datetime) -> str:
    """A new sortable id."""
    return uuid7(now, randbits(RANDOM_BITS))


def _not_over(delivery: Delivery) -> Conflict:
    if delivery.state is State.SENT:
        return Conflict(
            "The delivery was sent.", code="already_sent", remedy="Send a new message, or change the one that was sent."
        )
    return Conflict(
        f"The delivery is still {delivery.state}.",
        code="still_open",
        remedy="Wait for its end, or cancel it.",
    )
