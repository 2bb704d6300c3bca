"""What an activity says: who, where, when, and what it means for the person's chat (platform reference §1.2-1.5).

Reads the RAW JSON. Microsoft's SDKs know only two of the five installation actions, and rewrite the fields by which
the surfaces are told apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from bellwire.errors import InvalidActivity
from bellwire.model.recipient import Person
from bellwire.model.reference import Lesson, Source
from bellwire.model.surface import Classification, Surface, classify
from bellwire.teams.raw import LONGEST_ID, LONGEST_URL, LONGEST_WORD, Raw

READ_RECEIPT: Final = "application/vnd.microsoft.readreceipt"
INSTALLED: Final = frozenset({"add", "upgrade", "add-upgrade"})
REMOVED: Final = frozenset({"remove", "remove-upgrade"})
OWN_ACTS: Final = frozenset({"message", "messageupdate", "messagedelete", "messagereaction", "invoke", "typing"})
_BETWEEN_TWO: Final = frozenset({Surface.TEAMS_PERSONAL, Surface.COPILOT})
SOURCES: Final = MappingProxyType(
    {
        "installationupdate": Source.INSTALL,
        "conversationupdate": Source.CONVERSATION_UPDATE,
        "message": Source.MESSAGE,
        **dict.fromkeys(OWN_ACTS - {"message"} | {"event"}, Source.EVENT),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """One activity, read. ``type`` and ``action`` are in lower case; ``at`` is UTC and never in the future.

    ``aad_object_id`` is the person that it is about, nobody for what the bot did itself; of members added to a team or
    a group it is the member, and who added them only where no member is a person. ``source`` is none where the kind of
    activity teaches nothing.
    """

    type: str
    action: str | None
    classification: Classification
    at: datetime
    activity_id: str | None
    tenant_id: str | None
    aad_object_id: str | None
    conversation_id: str | None
    service_url: str | None
    source: Source | None
    user_id: str | None
    bot_id: str | None
    name: str | None
    locale: str | None
    timezone: str | None
    app_version: str | None
    installed: bool
    removed: bool
    by_person: bool

    def person(self, sender: str) -> Person | None:
        """Whom it is about, as ``sender`` knows them; none where Teams names nobody."""
        if self.tenant_id is None or self.aad_object_id is None:
            return None
        return Person(sender, self.tenant_id, self.aad_object_id)

    def lesson(self, sender: str) -> Lesson | None:
        """What it teaches about the person's Teams chat; none unless it came from there and brings the addresses."""
        person = self.person(sender)
        if self.classification.surface is not Surface.TEAMS_PERSONAL or person is None or self.source is None:
            return None
        if self.conversation_id is None or self.service_url is None:
            return None
        return Lesson(
            person=person,
            at=self.at,
            source=self.source,
            conversation_id=self.conversation_id,
            service_url=self.service_url,
            user_id=self.user_id,
            bot_id=self.bot_id,
            name=self.name,
            locale=self.locale,
            timezone=self.timezone,
            app_version=self.app_version,
            installed=self.installed,
            removed=self.removed,
            by_person=self.by_person,
        )


def read(activity: object, now: datetime) -> Inbound:
    """The activity, read; a kind that nobody knows yet is read too, and teaches nothing.

    Raises:
        InvalidActivity: not an activity; ``field`` names what is wrong. Odd values that nothing hangs on are
            overlooked instead, because Teams does not repeat what was refused.
    """
    if not isinstance(activity, Mapping):
        raise InvalidActivity("The body is not a JSON object.", field="body")
    raw = Raw(activity)
    kind = _lower(raw.text("type", LONGEST_WORD))
    if kind is None:
        raise InvalidActivity("It is missing.", field="type")
    classification = classify(activity)
    account = _account(raw, kind, classification.surface)
    action = _lower(raw.text("action", LONGEST_WORD)) if kind == "installationupdate" else None
    conversation, data = raw.object("conversation"), raw.object("channelData")
    tenant_id, home_tenant_id = data.object("tenant").key("id"), conversation.key("tenantId")
    return Inbound(
        type=kind,
        action=action,
        classification=classification,
        at=_moment(raw, now),
        activity_id=raw.hint("id", LONGEST_ID),
        tenant_id=tenant_id or home_tenant_id,
        aad_object_id=account.key("aadObjectId"),
        conversation_id=conversation.text("id"),
        service_url=raw.text("serviceUrl", LONGEST_URL),
        source=_source(kind, action),
        user_id=account.text("id"),
        bot_id=raw.object("recipient").text("id"),
        name=account.hint("name"),
        locale=raw.hint("locale") or _first_hint(raw, "entities", "locale"),
        timezone=raw.hint("localTimezone") or _first_hint(raw, "entities", "timezone"),
        app_version=_first_hint(data, "app", "version"),
        installed=action in INSTALLED or (kind == "conversationupdate" and bool(raw.objects("membersAdded"))),
        removed=action in REMOVED or (kind == "conversationupdate" and bool(raw.objects("membersRemoved"))),
        by_person=_is_own_act(raw, kind, account),
    )


def _account(raw: Raw, kind: str, surface: Surface) -> Raw:
    """Whom the activity is about; an empty object where it is nobody."""
    bot_id = raw.object("recipient").text("id")
    accounts = [raw.object("from")]
    if kind == "conversationupdate":
        members = [*raw.objects("membersAdded"), *raw.objects("membersRemoved")]
        accounts = [*accounts, *members] if surface in _BETWEEN_TWO else [*members, *accounts]
    people = (account for account in accounts if account.key("aadObjectId") and not _is_bot(account, bot_id))
    return next(people, Raw({}))


def _is_bot(account: Raw, bot_id: str | None) -> bool:
    account_id = account.text("id")
    return _lower(account.hint("role")) == "bot" or (account_id is not None and account_id == bot_id)


def _is_own_act(raw: Raw, kind: str, account: Raw) -> bool:
    """Whether the person themselves did something; installs do not count, since policies install too."""
    if not account.fields:
        return False
    return kind in OWN_ACTS or (kind == "event" and _lower(raw.hint("name")) == READ_RECEIPT)


def _source(kind: str, action: str | None) -> Source | None:
    if kind == "installationupdate" and action not in INSTALLED | REMOVED:
        return None
    return SOURCES.get(kind)


def _first_hint(raw: Raw, name: str, hint: str) -> str | None:
    return next((value for item in raw.hints(name) if (value := item.hint(hint))), None)


def _moment(raw: Raw, now: datetime) -> datetime:
    """When it happened: as Teams says, or else now. A clock that runs ahead must not outrank what comes later."""
    said = _parsed(raw.hint("timestamp")) or _parsed(raw.hint("localTimestamp")) or now
    return min(said, now)


def _parsed(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year > 1 else None  # year 1 is what .NET writes for a time that was never set


def _lower(text: str | None) -> str | None:
    return None if text is None else text.strip().lower()
