"""Accepts one message to many people in one call and one transaction: all who can be reached, or nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import orjson
from sqlalchemy import Connection

from bellwire.errors import IdempotencyConflict, InvalidInput
from bellwire.model.agent_chat import flow_reach
from bellwire.model.delivery import Delivery, State
from bellwire.model.message import Message
from bellwire.model.reach import Obstacle, Reachable, first_state, reach
from bellwire.model.reason import Reason
from bellwire.model.recipient import Person, Recipient, RecipientKind
from bellwire.service.accepting import accepting
from bellwire.service.command import Content, Terms, check_content, check_terms, fingerprint
from bellwire.service.send import new_delivery, new_id
from bellwire.service.senders import Senders, guid_of
from bellwire.service.who import Meant, Who
from bellwire.store import agent_chats, deliveries, idempotency, references, roster, sightings
from bellwire.store.database import Database
from bellwire.store.deliveries import Alike, NewDelivery
from bellwire.store.idempotency import Verdict
from bellwire.tracing import carried

MOST_RECIPIENTS: Final = 100_000
MOST_ADDRESSES: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkCommand:
    """One message to many people of one tenant, named by Entra object id, user principal name or e-mail address."""

    to: Sequence[str]
    content: Content
    terms: Terms = field(default_factory=Terms)
    tenant_id: str | None = None


@dataclass(frozen=True, slots=True)
class BulkAccepted:
    """What became of the call. ``refused`` says for everybody who cannot be reached why not, as the caller named them.

    accepted (of which ``waiting`` wait) + refused + duplicates = the number of people named.
    """

    message_id: str
    accepted: int
    waiting: int
    duplicates: int
    refused: Mapping[str, Reason]
    replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mailing:
    """A checked command on its way into the store: ``pattern`` is the delivery to one of the people.

    ``people`` are object ids with the names that the caller used, ``unknown`` the names that stand for nobody.
    ``others`` are the senders to turn to for people whom the pattern's does not reach, ``flows`` those of kind flow.
    """

    pattern: Delivery
    others: tuple[str, ...]
    flows: frozenset[str]
    message: Message
    people: Mapping[str, str]
    unknown: Mapping[str, Reason]
    duplicates: int
    caller: str
    key: str | None
    body_hash: str


class BulkSending:
    """Accepts messages to many people. ``clock`` tells the time in UTC."""

    def __init__(self, database: Database, senders: Senders, who: Who, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._who = who
        self._senders = senders
        self._clock = clock

    async def accept(self, command: BulkCommand, *, caller: str, idempotency_key: str | None = None) -> BulkAccepted:
        """Write down a delivery for everybody who can be reached, or is to be waited for. Returns once it is committed.

        Whoever is named twice gets one. The same ``idempotency_key`` of the same caller with the same command is
        answered as the first time, for 24 hours.

        Raises:
            InvalidInput, NotFound, TenantNotAllowed: a field is wrong; it is named.
            Conflict: it would be too late, or the key came with another command before.
            Unavailable: the database, or the directory, does not answer; nothing was accepted.
        """
        with accepting() as span:
            accepted = await self._accepted(command, caller, idempotency_key)
            span.set_attribute("messaging.batch.message_count", accepted.accepted)
            return accepted

    async def _accepted(self, command: BulkCommand, caller: str, key: str | None) -> BulkAccepted:
        now = self._clock()
        check_content(command.content)
        check_terms(command.terms, now)
        if not 1 <= len(command.to) <= MOST_RECIPIENTS:
            raise InvalidInput(
                f"{len(command.to)} people are named.", field="to", remedy=f"Name 1 to {MOST_RECIPIENTS} people."
            )
        sender = self._senders.choose(command.terms.sender)
        tenant_id = self._senders.tenant(sender, command.tenant_id, field="tenant_id")
        meant = await self._meant(sender, tenant_id, command.to)
        # In a thread, since a hundred thousand ids take a while to look at and others must not wait for that.
        mailing = await asyncio.to_thread(
            self._mailing, command, Person(sender, tenant_id, ""), meant, caller, key, now
        )
        return await self._database.write(lambda conn: _accept(conn, mailing))

    async def _meant(self, sender: str, tenant_id: str, to: Sequence[str]) -> dict[str, Meant]:
        """Whom the addresses among the names stand for."""
        addresses = {value: Recipient(RecipientKind.EMAIL, value) for value in to if "@" in value}
        if len(addresses) > MOST_ADDRESSES:
            raise InvalidInput(
                f"{len(addresses)} people are named by an address.",
                field="to",
                remedy=f"Name at most {MOST_ADDRESSES} by an address in one call, or use their object ids.",
            )
        if not addresses:
            return {}
        found = await self._who.people(sender, tenant_id, list(addresses.values()))
        return {value: found[name] for value, name in addresses.items()}

    def _mailing(
        self,
        command: BulkCommand,
        anybody: Person,
        meant: Mapping[str, Meant],
        caller: str,
        key: str | None,
        now: datetime,
    ) -> _Mailing:
        people, unknown = _named(command.to, meant)
        content = command.content
        message = Message(new_id(now), content.text, content.card, content.summary, carried())
        somebody = replace(anybody, aad_object_id=next(iter(people), ""))
        recipient = Recipient(RecipientKind.AAD_OBJECT_ID, somebody.aad_object_id, command.tenant_id)
        return _Mailing(
            pattern=new_delivery(somebody, recipient, command.terms, message.id, now),
            others=self._senders.others(command.terms.sender, anybody.sender, anybody.tenant_id),
            flows=self._senders.flows,
            message=message,
            people=people,
            unknown=unknown,
            duplicates=len(command.to) - len(people) - len(unknown),
            caller=caller,
            key=key,
            body_hash=fingerprint(command) if key is not None else "",
        )


def _named(to: Sequence[str], meant: Mapping[str, Meant]) -> tuple[dict[str, str], dict[str, Reason]]:
    """Everybody once, by object id with the name that was used first; and the names that stand for nobody."""
    people: dict[str, str] = {}
    unknown: dict[str, Reason] = {}
    for position, value in enumerate(to):
        found = meant.get(value)
        if isinstance(found, Reason):
            unknown[value] = found
        else:
            people.setdefault(found or guid_of(value, f"to.{position}"), value if found else value.lower())
    return people, unknown


def _accept(conn: Connection, mailing: _Mailing) -> BulkAccepted:
    caller, key, message_id = mailing.caller, mailing.key, mailing.message.id
    if key is not None:
        now = mailing.pattern.accepted_at
        claim = idempotency.claim(conn, caller, key, mailing.body_hash, now, delivery_id=message_id)
        if claim.verdict is Verdict.CONFLICT:
            raise IdempotencyConflict("The key came with another request before.", field="Idempotency-Key")
        if claim.verdict is Verdict.REPLAY and claim.answer is not None:
            return replace(_told(claim.answer), replayed=True)
    by_sender, refused = _parted(conn, mailing)
    message: Message | None = mailing.message
    for sender, new in by_sender.items():
        delivery = replace(mailing.pattern, person=replace(mailing.pattern.person, sender=sender))
        deliveries.accept_alike(conn, NewDelivery(delivery=delivery, message=message, key_id=caller), new)
        message = None  # it is stored once
    every = [each for new in by_sender.values() for each in new]
    waiting = sum(each.state == State.WAITING for each in every)
    answer = BulkAccepted(message_id, len(every), waiting, mailing.duplicates, refused)
    if key is not None:
        idempotency.keep_answer(conn, caller, key, orjson.dumps(answer).decode())
    return answer


def _parted(conn: Connection, mailing: _Mailing) -> tuple[dict[str, list[Alike]], dict[str, Reason]]:
    """Deliveries for those who can be reached or waited for, by sender, and the reasons of the others."""
    pattern, now = mailing.pattern, mailing.pattern.accepted_at
    first = pattern.person.sender
    ways = _ways(conn, mailing, first, list(mailing.people))
    chosen = dict.fromkeys(mailing.people, first)
    for other in mailing.others:
        missing = [each for each in mailing.people if isinstance(ways[each], Obstacle)]
        found = _ways(conn, mailing, other, missing)
        reached = {each: way for each, way in found.items() if isinstance(way, Reachable)}
        ways |= reached
        chosen |= dict.fromkeys(reached, other)
    new: dict[str, list[Alike]] = {}
    refused = dict(mailing.unknown)
    for each in mailing.people:
        way = ways[each]
        state = first_state(way, pattern.if_unreachable)
        if isinstance(state, Obstacle):
            refused[mailing.people[each]] = state.reason
        else:
            reason = way.reason if isinstance(way, Obstacle) and state is State.WAITING else None
            new.setdefault(chosen[each], []).append(Alike(new_id(now), each, state, reason))
    for group in new.values():
        group.sort()  # in the order of the indexes, which are then filled from end to end
    return new, refused


def _ways(conn: Connection, mailing: _Mailing, sender: str, people: Sequence[str]) -> dict[str, Reachable | Obstacle]:
    """By which way this sender reaches each of the people, or what is in it."""
    person = replace(mailing.pattern.person, sender=sender)
    if sender in mailing.flows:
        chats = agent_chats.get_many(conn, [replace(person, aad_object_id=each) for each in people])
        told = {who.aad_object_id: chat for who, chat in chats.items()}
        return {each: flow_reach(told.get(each), mailing.pattern.accepted_at) for each in people}
    states = references.states_of(conn, sender, person.tenant_id, people)
    elsewhere = [replace(person, aad_object_id=each) for each in people if each not in states]
    now = mailing.pattern.accepted_at
    seen = {one.aad_object_id: on for one, on in sightings.surfaces(conn, elsewhere, now).items()}
    members = {one.aad_object_id: member for one, member in roster.members(conn, elsewhere).items()}
    return {each: reach(states.get(each), seen.get(each, {}), members.get(each)) for each in people}


def _told(answer: str) -> BulkAccepted:
    told = orjson.loads(answer)
    return BulkAccepted(**{**told, "refused": {who: Reason(why) for who, why in told["refused"].items()}})
