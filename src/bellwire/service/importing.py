"""Takes in conversations that another bot kept: Teams chats as references, everybody else as seen elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from bellwire.errors import BellwireError, InvalidInput
from bellwire.model.finding import Finding, Why
from bellwire.model.reach import Reachable, reach, state_of
from bellwire.model.recipient import Person
from bellwire.model.reference import ConversationReference, Lesson, Source, learn, merge
from bellwire.model.surface import Surface
from bellwire.service.command import is_guid
from bellwire.service.exported import restored
from bellwire.service.senders import Senders
from bellwire.store import people, queue, references, sightings
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
    """Entries of any shape. ``tenant_id`` counts for those that name none, ``as_of`` for those without a time."""

    entries: Sequence[object]
    sender: str | None = None
    tenant_id: str | None = None
    as_of: datetime | None = None
    dry_run: bool = False


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


class Importing:
    """Takes in entries. ``app_ids`` are the senders' by their names, ``clock`` tells the time in UTC."""

    def __init__(
        self,
        database: Database,
        senders: Senders,
        app_ids: Mapping[str, str],
        cloud: Cloud,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._senders = senders
        self._app_ids = {name: app_id.lower() for name, app_id in app_ids.items()}
        self._cloud = cloud
        self._clock = clock

    async def take(self, command: ImportCommand) -> list[Finding]:
        """What becomes of each entry, in their order; with ``dry_run`` nothing is kept. Doing it again adds nothing.

        Raises:
            InvalidInput, NotFound, TenantNotAllowed: sender or tenant is wrong, or there are too many entries.
            StoreUnavailable: the database does not answer; nothing was kept.
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
        checked = [self._checked(each, command, now) for each in command.entries]
        if command.dry_run:
            return await self._database.read(lambda conn: _judged(conn, checked, now, self._cloud)[0])
        return await self._database.write(lambda conn: _kept(conn, checked, now, self._cloud))

    def _checked(self, record: object, command: ImportCommand, now: datetime) -> Candidate | Finding:
        try:
            return self._candidate(record, command, now)
        except BellwireError as error:
            return Finding(why=Why.MALFORMED, field=error.field, detail=error.detail)

    def _candidate(self, record: object, command: ImportCommand, now: datetime) -> Candidate | Finding:
        entry = read_entry(record, now)
        sender = self._sender(entry, command.sender)
        if sender is None:
            return Finding(why=Why.ANOTHER_BOT, tenant_id=entry.tenant_id, aad_object_id=entry.aad_object_id)
        tenant_id = entry.tenant_id or command.tenant_id or self._senders.own_tenants[sender]
        if entry.tenant_id is None and tenant_id is not None:
            entry = read_entry(record, now, tenant_id=tenant_id)
        found = Finding(why=Why.TEAMS_CHAT, sender=sender, tenant_id=entry.tenant_id, aad_object_id=entry.aad_object_id)
        why = self._objection(entry)
        if why is not None:
            return replace(found, why=why)
        assert entry.tenant_id is not None
        assert entry.aad_object_id is not None
        if not is_guid(entry.aad_object_id):
            return replace(found, why=Why.MALFORMED, field="aadObjectId", detail="It is not a GUID.")
        at = entry.said_at or min(command.as_of or now, now)
        return Candidate(Person(sender, entry.tenant_id, entry.aad_object_id), entry, at)

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

    def _objection(self, entry: Entry) -> Why | None:
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
            return Why.NO_CONVERSATION
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
    conn: Connection, checked: Sequence[Candidate | Finding], now: datetime, cloud: Cloud
) -> tuple[list[Finding], Plan]:
    persons = {each.person for each in checked if isinstance(each, Candidate)}
    plan = Plan(references.get_many(conn, persons), sightings.surfaces(conn, persons, now))
    return [each if isinstance(each, Finding) else _finding(each, plan, now, cloud) for each in checked], plan


def _kept(conn: Connection, checked: Sequence[Candidate | Finding], now: datetime, cloud: Cloud) -> list[Finding]:
    people.hold(conn, {each.person for each in checked if isinstance(each, Candidate)})
    findings, plan = _judged(conn, checked, now, cloud)
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
