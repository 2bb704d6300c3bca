"""Bellwire's own form of a reference outside its store: every column by its name, so that nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from bellwire.errors import InvalidInput
from bellwire.model.recipient import Person
from bellwire.model.reference import FACTS, VALUES, ConversationReference, Source, stamp
from bellwire.store.people import Known
from bellwire.store.sightings import Sighting
from bellwire.teams.entries import Entry
from bellwire.teams.raw import LONGEST_WORD, Raw

WORDS: Final = ("user_id", "bot_id", "name", "locale", "timezone", "app_version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """One person as one sender knows them: their Teams chat, or else (without a conversation) where they were seen."""

    sender: str
    tenant_id: str
    aad_object_id: str
    surface: str
    seen_at: datetime
    created_at: datetime
    conversation_id: str | None = None
    service_url: str | None = None
    source: str | None = None
    user_id: str | None = None
    bot_id: str | None = None
    name: str | None = None
    locale: str | None = None
    timezone: str | None = None
    app_version: str | None = None
    installed_at: datetime | None = None
    removed_at: datetime | None = None
    person_at: datetime | None = None
    blocked_at: datetime | None = None
    disabled_at: datetime | None = None
    absent_at: datetime | None = None
    team_at: datetime | None = None
    older: Mapping[str, int] | None = None


COLUMNS: Final = tuple(each.name for each in fields(Exported))


def exported(known: Known, sender: str | None) -> Iterator[Exported]:
    """What is known of a person by one sender, or by all: each Teams chat, and each surface where there is none."""
    chats = {reference.person.sender: reference for reference in known.references}
    yield from (_chat(each) for name, each in sorted(chats.items()) if sender in (None, name))
    for sighting in known.sightings:
        name = sighting.person.sender
        if name not in chats and sender in (None, name):
            yield _seen(sighting)


def restored(entry: Entry, person: Person, service_url: str) -> ConversationReference:
    """The reference that an export of ours holds.

    Raises:
        InvalidInput: a field is wrong; it is named.
    """
    assert entry.conversation_id is not None
    assert entry.said_at is not None
    kept = Raw(entry.kept)
    facts: dict[str, Any] = {name: _moment(kept, name) for name in FACTS}
    return ConversationReference(
        person=person,
        conversation_id=entry.conversation_id,
        service_url=service_url,
        source=_source(kept.text("source")),
        created_at=_moment(kept, "created_at") or entry.said_at,
        seen_at=entry.said_at,
        user_id=entry.user_id,
        bot_id=entry.bot_id,
        name=entry.name,
        locale=entry.locale,
        timezone=entry.timezone,
        app_version=kept.text("app_version", LONGEST_WORD),
        older=_older(entry.kept.get("older"), entry.said_at),
        **facts,
    )


def _chat(reference: ConversationReference) -> Exported:
    person = reference.person
    return Exported(
        sender=person.sender,
        tenant_id=person.tenant_id,
        aad_object_id=person.aad_object_id,
        surface=reference.surface,
        seen_at=reference.seen_at,
        created_at=reference.created_at,
        conversation_id=reference.conversation_id,
        service_url=reference.service_url,
        source=reference.source,
        older=dict(reference.older) or None,
        **{name: getattr(reference, name) for name in (*WORDS, *FACTS)},
    )


def _seen(sighting: Sighting) -> Exported:
    person = sighting.person
    return Exported(
        sender=person.sender,
        tenant_id=person.tenant_id,
        aad_object_id=person.aad_object_id,
        surface=sighting.surface,
        seen_at=sighting.last_at,
        created_at=sighting.first_at,
        service_url=sighting.service_url,
        user_id=sighting.user_id,
        name=sighting.name,
    )


def _source(text: str | None) -> Source:
    if text is None:
        return Source.IMPORTED
    if text not in set(Source):
        raise _wrong("source", f"It is none of {', '.join(Source)}.")
    return Source(text)


def _moment(kept: Raw, name: str) -> datetime | None:
    text = kept.text(name, LONGEST_WORD)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _wrong(name, "It is no time.") from None


def _older(value: object, seen_at: datetime) -> dict[str, int]:
    """When each value was said; in a table it is kept as text."""
    try:
        times = orjson.loads(value) if isinstance(value, str) and value.strip() else value or {}
    except orjson.JSONDecodeError:
        raise _wrong("older", "It is not JSON.") from None
    if not isinstance(times, Mapping) or not all(
        name in VALUES and type(time) is int and abs(time) <= stamp(seen_at) for name, time in times.items()
    ):
        raise _wrong("older", "It is no list of times.")
    return dict(times)


def _wrong(field: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, field=field, remedy="Import the export as it was written.")
