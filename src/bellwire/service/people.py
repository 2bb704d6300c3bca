"""Who is known, and whether each sender can reach them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bellwire.errors import NotFound, TenantNotAllowed, Unreachable
from bellwire.model.agent_chat import AgentChat, flow_reach
from bellwire.model.member import Member
from bellwire.model.reach import Obstacle, Reachable, Way, reach, state_of
from bellwire.model.reason import EXPLANATIONS, Reason
from bellwire.model.recipient import Recipient
from bellwire.model.reference import ConversationReference, ReachState
from bellwire.model.surface import Surface
from bellwire.service.senders import Senders
from bellwire.service.who import Who
from bellwire.store import people
from bellwire.store.database import Database
from bellwire.store.people import Known
from bellwire.store.sightings import Sighting

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class SenderReach:
    """What one sender knows of a person, and what follows from it."""

    sender: str
    found: Reachable | Obstacle
    reference: ConversationReference | None
    sightings: Sequence[Sighting]
    agent_chat: AgentChat | None = None
    member: Member | None = None

    @property
    def since(self) -> datetime | None:
        """Since when it is so, as far as is known."""
        known, way = self.reference, self.found.way if isinstance(self.found, Reachable) else None
        if known is not None:
            obstacles = (known.removed_at, known.absent_at, known.blocked_at, known.disabled_at)
            if way is not None:
                return known.install_told_at or known.created_at
            return max((at for at in obstacles if at is not None), default=None)
        if way is Way.OPEN_CHAT:
            return min((each.first_at for each in self.sightings), default=None)
        return None if self.member is None else self.member.listed_at


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person of a tenant, as each sender that knows them knows them."""

    tenant_id: str
    aad_object_id: str
    name: str | None
    senders: Sequence[SenderReach]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFilter:
    """Which people; what is none does not matter. ``state`` is that of the Teams chat that a sender keeps."""

    sender: str | None = None
    state: ReachState | None = None
    surface: Surface | None = None
    aad_object_id: str | None = None


class People:
    """Answers who can be reached. ``who`` finds them by their names, ``clock`` tells the time in UTC."""

    def __init__(self, database: Database, senders: Senders, who: Who, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._senders = senders
        self._who = who
        self._clock = clock

    async def get(self, tenant_id: str, aad_object_id: str) -> KnownPerson:
        """A person, as all senders know them.

        Raises:
            TenantNotAllowed: the tenant is not on the allow-list.
            NotFound: no sender has ever seen this person.
        """
        if tenant_id not in self._senders.allowed_tenants:
            raise TenantNotAllowed("The person's tenant is not on the allow-list.", field="tenant_id")
        known = await self._database.read(lambda conn: people.get(conn, tenant_id, aad_object_id))
        if known is None:
            fact, remedy, _ = EXPLANATIONS[Reason.NEVER_SEEN]
            raise NotFound(fact, code=Reason.NEVER_SEEN, field="aad_object_id", remedy=remedy)
        return self._person(known)

    async def named(self, name: Recipient, sender: str | None) -> KnownPerson:
        """Whom a user principal name or an e-mail address stands for, as all senders know them; by any of them, or
        only ``sender``. Each bot that could know them and has not seen them is told too, with that obstacle.

        Raises:
            InvalidInput, NotFound, TenantNotAllowed: the tenant or the sender is wrong.
            Unreachable: nobody is meant, or several, or someone whom a bot cannot write to; the code says which.
            Unavailable: the directory does not answer at present.
        """
        asking = self._senders.choose(sender)
        tenant_id = self._senders.tenant(asking, name.tenant_id, field="tenant_id")
        meant = (await self._who.people(asking, tenant_id, [name]))[name]
        if isinstance(meant, Reason):
            fact, remedy, _ = EXPLANATIONS[meant]
            raise Unreachable(fact, field="name", code=meant, remedy=remedy)
        known = await self._database.read(lambda conn: people.get(conn, tenant_id, meant))
        found = self._person(known or Known(tenant_id=tenant_id, aad_object_id=meant))
        seen = [each for each in found.senders if sender in (None, each.sender)]
        bots = self._senders.bots_of(tenant_id) if sender is None else set()
        unseen = {asking, *bots} - {each.sender for each in seen}
        told = [*seen, *(SenderReach(name, Obstacle(Reason.NEVER_SEEN), None, ()) for name in unseen)]
        return replace(found, senders=sorted(told, key=lambda each: each.sender))

    async def page(
        self, wanted: PeopleFilter, *, after: tuple[str, str] | None = None, limit: int = 50
    ) -> list[KnownPerson]:
        """People in the order of tenant and object id; ``after`` is that of the last one of the page before."""
        return await self._database.read(lambda conn: self._page(conn, wanted, after, limit))

    def _page(
        self, conn: Connection, wanted: PeopleFilter, after: tuple[str, str] | None, limit: int
    ) -> list[KnownPerson]:
        found: list[KnownPerson] = []
        for known in self._all(conn, wanted, after, limit):
            if _fits(known, wanted):
                found.append(self._person(known))
            if len(found) == limit:
                break
        return found

    def _all(
        self, conn: Connection, wanted: PeopleFilter, after: tuple[str, str] | None, first: int
    ) -> Iterator[Known]:
        """Everybody from here on; read in pages, since few may fit the filter."""
        size = first
        while True:
            some = people.page(
                conn,
                tenants=self._senders.allowed_tenants,
                sender=wanted.sender,
                aad_object_id=wanted.aad_object_id,
                after=after,
                limit=size,
            )
            yield from some
            if len(some) < size:
                return
            after, size = (some[-1].tenant_id, some[-1].aad_object_id), AT_ONCE

    def _person(self, known: Known) -> KnownPerson:
        by_sender = {reference.person.sender: reference for reference in known.references}
        told = {chat.person.sender: chat for chat in known.agent_chats}
        flows = {name for name in self._senders.flows if self._senders.own_tenants[name] == known.tenant_id}
        members = dict(reversed(known.members))
        names = sorted({*by_sender, *told, *flows, *members, *(sighting.person.sender for sighting in known.sightings)})
        senders = [
            _by_flow(name, told.get(name), self._clock())
            if name in self._senders.flows
            else _reach(name, by_sender.get(name), known.sightings, members.get(name), self._clock())
            for name in names
        ]
        return KnownPerson(known.tenant_id, known.aad_object_id, _name(known), senders)


def _fits(known: Known, wanted: PeopleFilter) -> bool:
    references = [each for each in known.references if wanted.sender in (None, each.person.sender)]
    sightings = [each for each in known.sightings if wanted.sender in (None, each.person.sender)]
    return (wanted.state is None or any(each.state is wanted.state for each in references)) and (
        wanted.surface is None or any(each.surface is wanted.surface for each in sightings)
    )


def _reach(
    sender: str,
    reference: ConversationReference | None,
    sightings: Sequence[Sighting],
    member: Member | None,
    now: datetime,
) -> SenderReach:
    seen = [sighting for sighting in sightings if sighting.person.sender == sender]
    found = reach(state_of(reference), {each.surface: each.refusal(now) for each in seen}, member)
    return SenderReach(sender, found, reference, seen, member=member)


def _by_flow(sender: str, chat: AgentChat | None, now: datetime) -> SenderReach:
    return SenderReach(sender, flow_reach(chat, now), None, (), chat)


def _name(known: Known) -> str | None:
    """The name that Teams gave last; one from the Teams chat comes first."""
    kept = [(reference.seen_at, reference.name) for reference in known.references if reference.name]
    seen = [(sighting.last_at, sighting.name) for sighting in known.sightings if sighting.name]
    listed = [(member.listed_at, member.name) for _, member in known.members if member.name]
    named = kept or seen or listed
    return max(named)[1] if named else None
