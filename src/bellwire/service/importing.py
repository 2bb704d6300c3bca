"""Takes in conversations that another bot kept: Teams chats as references, everybody else as seen elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection

from bellwire.errors import BellwireError, InvalidInput
from bellwire.model.finding import Finding, Why
from bellwire.model.reach import Reachable, reach, state_of
from bellwire.model.reason import Reason
from bellwire.model.recipient import Person, Recipient, RecipientKind
from bellwire.model.reference import ConversationReference, Lesson, Source, learn, merge
from bellwire.model.surface import Surface
from bellwire.service.command import is_guid
from bellwire.service.exported import restored
from bellwire.service.send import new_id
from bellwire.service.senders import Senders
from bellwire.service.who import Meant, Who
from bellwire.store import people, queue, references, repairs, sightings
from bellwire.store.database import Database
from bellwire.store.sightings import Seen
from bellwire.teams.clouds import Cloud
from bellwire.teams.entries import Entry, read_entry

MOST_ENTRIES: Final = 1000
ELSEWHERE: Final = {
    Surface.COPILOT: Why.COPILOT,
    Surface.TEAMS_PERSONAL: Why.KIND_NOT_SAID,
    Surface.TEAMS_GROUP: Why.GROUP_CHAT,
    Surface.TEAMS_CHANNEL: Why.CHANNEL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCommand:
    """Entries of any shape. ``tenant_id`` counts for those that name none, ``as_of`` for those without a time.

    With ``repair`` Teams is asked at once for the chats of those people whose chat the entries do not tell.
    """

    entries: Sequence[object]
    sender: str | None = None
    tenant_id: str | None = None
    as_of: datetime | None = None
    repair: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry of which it is known whose bot's and which tenant's it is, but not yet who is meant."""

    entry: Entry
    sender: str
    tenant_id: str | None

    @property
    def name(self) -> Recipient | None:
        """The name by which the directory has to be asked, if it has to."""
        entry = self.entry
        if entry.aad_object_id is not None:
            return None
        if entry.upn is not None:
            return Recipient(RecipientKind.UPN, entry.upn)
        return None if entry.email is None else Recipient(RecipientKind.EMAIL, entry.email)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that is about a person who may be written to. ``at`` is when it was true, at the latest."""

    person: Person
    entry: Entry
    at: datetime


@dataclass(slots=True)
class Plan:
    """What is known of the people of one batch, and what of it is new."""

    known: dict[Person, ConversationReference]
    seen: dict[Person, Seen]
    learnt: set[Person] = field(default_factory=set)
    noted: list[tuple[Candidate, Surface]] = field(default_factory=list)
    asked: set[Person] = field(default_factory=set)


class Importing:
    """Takes in entries. ``app_ids`` are the senders' by their names, ``clock`` tells the time in UTC."""

    def __init__(
        self,
        database: Database,
        senders: Senders,
        app_ids: Mapping[str, str],
        cloud: Cloud,
        who: Who,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._senders = senders
        self._who = who
        self._app_ids = {name: app_id.lower() for name, app_id in app_ids.items()}
        self._cloud = cloud
        self._clock = clock

    async def take(self, command: ImportCommand) -> list[Finding]:
        """What becomes of each entry, in their order; with ``dry_run`` nothing is kept. Doing it again adds nothing.

        Raises:
            InvalidInput, NotFound, TenantNotAllowed: sender or tenant is wrong, or there are too many entries.
            Unavailable: the database, or the directory, does not answer; nothing was kept.
        """
        if len(command.entries) > MOST_ENTRIES:
            raise InvalidInput(
                "There are too many.", field="references", remedy=f"Send at most {MOST_ENTRIES} in one request."
            )
        if command.sender is not None and self._senders.known(command.sender) not in self._app_ids:
            raise InvalidInput("It is no bot, so it has no conversations.", field="sender", remedy="Name a bot.")
        if command.tenant_id is not None:
            command = replace(command, tenant_id=command.tenant_id.lower())
        now = self._clock()
        placed = [self._placed(each, command, now) for each in command.entries]
        meant = await self._meant([each for each in placed if isinstance(each, Placed)])
        checked = [each if isinstance(each, Finding) else self._checked(each, meant, command, now) for each in placed]
        if command.dry_run:
            return await self._database.read(
                lambda conn: _judged(conn, checked, now, self._cloud, repair=command.repair)[0]
            )
        return await self._database.write(lambda conn: _kept(conn, checked, now, self._cloud, repair=command.repair))

    def _placed(self, record: object, command: ImportCommand, now: datetime) -> Placed | Finding:
        try:
            entry = read_entry(record, now)
            sender = self._sender(entry, command.sender)
            if sender is None:
                return Finding(why=Why.ANOTHER_BOT, tenant_id=entry.tenant_id, aad_object_id=entry.aad_object_id)
            tenant_id = entry.tenant_id or command.tenant_id or self._senders.own_tenants[sender]
            if entry.tenant_id is None and tenant_id is not None:
                entry = read_entry(record, now, tenant_id=tenant_id)
            return Placed(entry, sender, entry.tenant_id)
        except BellwireError as error:
            return Finding(why=Why.MALFORMED, field=error.field, detail=error.detail)

    async def _meant(self, placed: Sequence[Placed]) -> dict[tuple[str, str | None, Recipient], Meant]:
        """Whom the directory knows by the names of those entries that have no object id, by sender and tenant."""
        wanted: dict[tuple[str, str], set[Recipient]] = {}
        for each in placed:
            if each.name is not None and each.tenant_id in self._senders.allowed_tenants:
                wanted.setdefault((each.sender, each.tenant_id), set()).add(each.name)
        meant: dict[tuple[str, str | None, Recipient], Meant] = {}
        for (sender, tenant_id), names in wanted.items():
            if self._who.can_ask(sender):
                found = await self._who.people(sender, tenant_id, names)
                meant |= {(sender, tenant_id, name): who for name, who in found.items()}
        return meant

    def _checked(
        self,
        placed: Placed,
        meant: Mapping[tuple[str, str | None, Recipient], Meant],
        command: ImportCommand,
        now: datetime,
    ) -> Candidate | Finding:
        entry = placed.entry
        who = None if placed.name is None else meant.get((placed.sender, placed.tenant_id, placed.name))
        found = Finding(
            why=Why.TEAMS_CHAT, sender=placed.sender, tenant_id=placed.tenant_id, aad_object_id=entry.aad_object_id
        )
        if isinstance(who, Reason):
            return replace(found, why=Why(who))
        if who is not None:
            entry = replace(entry, aad_object_id=who)
            found = replace(found, aad_object_id=who)
        why = self._objection(entry, asked=command.repair)
        if why is not None:
            return replace(found, why=why)
        assert entry.tenant_id is not None
        assert entry.aad_object_id is not None
        if not is_guid(entry.aad_object_id):
            return replace(found, why=Why.MALFORMED, field="aadObjectId", detail="It is not a GUID.")
        at = entry.said_at or min(command.as_of or now, now)
        return Candidate(Person(placed.sender, entry.tenant_id, entry.aad_object_id), entry, at)

    def _sender(self, entry: Entry, named: str | None) -> str | None:
        """Whose entry it is: the sender whose bot it names, or else the one meant. None if it is another bot's."""
        if entry.app_id is not None:
            return next(
                (name for name, app_id in self._app_ids.items() if app_id == entry.app_id and named in (None, name)),
                None,
            )
        kept = entry.kept.get("sender")
        if named is None and isinstance(kept, str) and kept in self._app_ids:
            return kept
        sender = next(iter(self._app_ids)) if named is None and len(self._app_ids) == 1 else self._senders.choose(named)
        if sender not in self._app_ids:
            raise InvalidInput("Nothing says to which of several bots it belongs.", field="sender", remedy="Name it.")
        return sender

    def _objection(self, entry: Entry, *, asked: bool) -> Why | None:
        """Why nothing at all can be made of an entry."""
        if entry.aad_object_id is None:
            return Why.NO_OBJECT_ID
        if entry.tenant_id is None:
            return Why.NO_TENANT
        if entry.tenant_id not in self._senders.allowed_tenants:
            return Why.TENANT_NOT_ALLOWED
        if entry.service_url is not None and not self._cloud.admits(entry.service_url):
            return Why.HOST_NOT_ALLOWED
        if entry.conversation_id is None and not entry.kept:
            return None if asked else Why.NO_CONVERSATION
        return Why.NOT_TEAMS if _surface(entry) is Surface.OTHER else None


def _surface(entry: Entry) -> Surface:
    """Where it was; a chat between two that may be in Teams or in Copilot counts as Teams, but never as a chat."""
    return Surface.TEAMS_PERSONAL if entry.kind_missing or _without_chat(entry) else entry.classification.surface


def _without_chat(entry: Entry) -> bool:
    """A person of our own export who was seen in Teams, and whose chat was not known."""
    return entry.conversation_id is None and entry.kept.get("surface") == Surface.TEAMS_PERSONAL


def _is_teams_chat(entry: Entry) -> bool:
    return entry.classification.surface is Surface.TEAMS_PERSONAL and entry.conversation_id is not None


def _judged(
    conn: Connection, checked: Sequence[Candidate | Finding], now: datetime, cloud: Cloud, *, repair: bool
) -> tuple[list[Finding], Plan]:
    persons = {each.person for each in checked if isinstance(each, Candidate)}
    plan = Plan(references.get_many(conn, persons), sightings.surfaces(conn, persons, now))
    found = [each if isinstance(each, Finding) else _finding(each, plan, now, cloud) for each in checked]
    if repair:
        plan.asked = persons - plan.known.keys()
        found = [
            replace(told, repaired=isinstance(each, Candidate) and each.person in plan.asked)
            for each, told in zip(checked, found, strict=True)
        ]
    return found, plan


def _kept(
    conn: Connection, checked: Sequence[Candidate | Finding], now: datetime, cloud: Cloud, *, repair: bool
) -> list[Finding]:
    people.hold(conn, {each.person for each in checked if isinstance(each, Candidate)})
    findings, plan = _judged(conn, checked, now, cloud, repair=repair)
    references.put_many(conn, [plan.known[person] for person in plan.learnt])
    for candidate, surface in plan.noted:
        entry = candidate.entry
        sightings.record(
            conn,
            candidate.person,
            surface,
            at=candidate.at,
            service_url=entry.service_url,
            user_id=entry.user_id,
            name=entry.name,
        )
    for person in plan.learnt | {candidate.person for candidate, _ in plan.noted}:
        if isinstance(reach(state_of(plan.known.get(person)), plan.seen.get(person, {})), Reachable):
            queue.wake(conn, person, now)
    repairs.ask(conn, plan.asked, now, partial(new_id, now))
    return findings


def _finding(candidate: Candidate, plan: Plan, now: datetime, cloud: Cloud) -> Finding:
    person, entry = candidate.person, candidate.entry
    found = Finding(
        why=Why.NOTHING_NEW, sender=person.sender, tenant_id=person.tenant_id, aad_object_id=person.aad_object_id
    )
    if _is_teams_chat(entry):
        try:
            learnt = _learnt(candidate, plan.known.get(person), now, cloud)
        except InvalidInput as error:
            return replace(found, why=Why.MALFORMED, field=error.field, detail=error.detail)
        if learnt == plan.known.get(person):
            return found
        plan.known[person] = learnt
        plan.learnt.add(person)
        return replace(found, why=Why.TEAMS_CHAT)
    if entry.conversation_id is None and not entry.kept:
        return found if person in plan.known else replace(found, why=Why.ASKED_FOR)
    surface, seen = _surface(entry), plan.seen.setdefault(person, {})
    if person in plan.known or surface in seen:
        return found
    seen[surface] = None
    plan.noted.append((candidate, surface))
    return replace(found, why=ELSEWHERE[surface])


def _learnt(
    candidate: Candidate, known: ConversationReference | None, now: datetime, cloud: Cloud
) -> ConversationReference:
    """The reference with the entry in it. One without a time of its own never replaces what is known."""
    entry = candidate.entry
    service_url = entry.service_url or (known.service_url if known else cloud.default_service_url)
    if entry.kept and entry.said_at is not None:
        told = restored(entry, candidate.person, service_url)
        return told if known is None else merge(known, told)
    if known is not None and (entry.said_at is None or entry.said_at <= known.seen_at):
        return known
    lesson = Lesson(
        person=candidate.person,
        at=candidate.at,
        source=Source.IMPORTED,
        conversation_id=entry.conversation_id or "",
        service_url=service_url,
        user_id=entry.user_id,
        bot_id=entry.bot_id,
        name=entry.name,
        locale=entry.locale,
        timezone=entry.timezone,
    )
    return learn(known, lesson, now)
