"""Conversation references as other bots kept them, read into one form (platform reference §8).

The SDKs write one thing in three spellings (``serviceUrl``, ``service_url``, ``ServiceUrl``), tables flatten it, and
stores wrap it. All of it is brought into the form of an activity, so that one rule tells the surfaces apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from bellwire.errors import InvalidInput
from bellwire.model.surface import TEAMS, Classification, Surface, classify, is_graph_chat_id
from bellwire.teams.names import tidy
from bellwire.teams.raw import LONGEST_ID, LONGEST_URL, Raw

WRAPPERS: Final = ("reference", "conversationReference")
OBJECTS: Final = ("user", "from", "bot", "agent", "recipient", "conversation", "channelData")
DEEPEST: Final = 3
LONGEST_ADDRESS: Final = 320
_APP_ID: Final = re.compile(r"(?:28:)?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})", re.ASCII)
_MESSAGE_ID: Final = re.compile(r"1[0-9]{12}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One conversation of one person, as another system kept it.

    ``said_at`` is when it was true for certain, none where nothing tells. ``kind_missing`` is set where it is a
    conversation between two in Teams or in Copilot, and nothing tells in which. ``upn`` and ``email`` name the person
    where no object id does. ``kept`` is what only an export of Bellwire's own has: the reference's remaining fields.
    """

    classification: Classification
    kind_missing: bool
    tenant_id: str | None
    aad_object_id: str | None
    conversation_id: str | None
    service_url: str | None
    app_id: str | None
    user_id: str | None
    bot_id: str | None
    name: str | None
    locale: str | None
    timezone: str | None
    said_at: datetime | None
    upn: str | None = None
    email: str | None = None
    kept: Mapping[str, object] = field(default_factory=dict)


def read_entry(record: object, now: datetime, *, tenant_id: str | None = None) -> Entry:
    """The entry that a record of any known shape holds; ``tenant_id`` counts where the record names no tenant.

    Raises:
        InvalidInput: it cannot be read; ``field`` names what is wrong.
    """
    fields = _lifted(_unwrapped(record))
    tenant_id = fields.key("tenantId") or tenant_id
    conversation_id = fields.text("conversationId")
    activity = _activity(fields, conversation_id, tenant_id)
    account, bot = fields.object("user"), fields.object("bot")
    bot_id = bot.text("id") or fields.text("botId")
    return Entry(
        classification=_labelled(fields.hint("surface")) or classify(activity),
        kind_missing=_kind_missing(activity, conversation_id),
        tenant_id=tenant_id,
        aad_object_id=account.key("aadObjectId"),
        conversation_id=conversation_id,
        service_url=fields.text("serviceUrl", LONGEST_URL),
        app_id=_app_id(bot_id),
        user_id=account.text("id"),
        bot_id=bot_id,
        name=account.hint("name"),
        locale=fields.hint("locale"),
        timezone=fields.hint("timezone"),
        said_at=_said_at(fields, now),
        upn=account.hint("upn", LONGEST_ADDRESS),
        email=account.hint("email", LONGEST_ADDRESS),
        kept=fields.fields if "seenAt" in fields.fields and "surface" in fields.fields else {},
    )


def _unwrapped(record: object) -> Mapping[str, object]:
    """The record's own fields in one spelling, out of whatever it is wrapped in."""
    for _ in range(DEEPEST):
        record = _parsed(record)
        if not isinstance(record, Mapping):
            raise InvalidInput("It is not an object.", field="entry", remedy="Give a conversation reference.")
        fields = tidy(record)
        inner = next((fields[name] for name in WRAPPERS if fields.get(name)), None)
        if inner is None:
            return fields
        record = {**{name: value for name, value in fields.items() if name not in WRAPPERS}, **tidy(_object(inner))}
    raise InvalidInput("It is wrapped too deep.", field="entry", remedy="Give the conversation reference itself.")


def _parsed(record: object) -> object:
    """Tables keep a reference as text."""
    if not isinstance(record, str):
        return record
    try:
        return orjson.loads(record)
    except orjson.JSONDecodeError:
        return record


def _object(inner: object) -> Mapping[str, object]:
    inner = _parsed(inner)
    if not isinstance(inner, Mapping):
        raise InvalidInput("It is not an object.", field="reference", remedy="Give a conversation reference.")
    return inner


def _lifted(record: Mapping[str, object]) -> Raw:
    """The flat fields and the nested ones in one place each; what is nested counts first."""
    parsed = {name: _parsed(record[name]) or None for name in OBJECTS if name in record}
    flat = {**record, **{name: tidy(value) if isinstance(value, Mapping) else value for name, value in parsed.items()}}
    if isinstance(flat.get("conversation"), str):
        flat = {**flat, "conversationId": flat["conversation"], "conversation": None}
    fields = Raw(flat)
    user = _first_object(fields, "user", "from")
    bot = _first_object(fields, "bot", "agent", "recipient")
    conversation, data = fields.object("conversation"), fields.object("channelData")
    person = {"id": flat.get("userId"), "aadObjectId": flat.get("aadObjectId"), "name": flat.get("name")}
    person |= {"upn": flat.get("upn"), "email": flat.get("email")}
    tenants = (
        data.object("tenant").fields.get("id"),
        conversation.fields.get("tenantId"),
        flat.get("tenantId"),
        user.fields.get("tenantId"),
    )
    return Raw(
        {
            **flat,
            "user": {**person, **_said(user)},
            "bot": bot.fields,
            "conversation": conversation.fields,
            "tenantId": next((tenant for tenant in tenants if tenant not in (None, "")), None),
            "conversationId": conversation.fields.get("id") or flat.get("conversationId"),
        }
    )


def _first_object(fields: Raw, *names: str) -> Raw:
    return next((found for name in names if (found := fields.object(name)).fields), Raw({}, names[0]))


def _said(account: Raw) -> dict[str, object]:
    return {name: value for name, value in account.fields.items() if value not in (None, "")}


def _activity(fields: Raw, conversation_id: str | None, tenant_id: str | None) -> dict[str, Any]:
    """What ``classify`` reads; every sign that speaks against a Teams chat is kept."""
    flat = fields.fields
    data = {**fields.object("channelData").fields}
    if flat.get("productContext"):
        data["productContext"] = flat["productContext"]
    data.setdefault("tenant", {"id": tenant_id})
    conversation = {
        "conversationType": _kind(flat, conversation_id),
        "isGroup": flat.get("isGroup"),
        **_said(fields.object("conversation")),
        "id": conversation_id,
        "tenantId": tenant_id,
    }
    return {
        "type": "message",
        "channelId": _channel(flat),
        "from": {"aadObjectId": "known elsewhere"},
        "conversation": conversation,
        "channelData": data,
        "entities": flat.get("entities"),
    }


def _channel(flat: Mapping[str, object]) -> object:
    """The channel, with its product; a table that names none is one of a bot that is in Teams only."""
    channel, product = flat.get("channelId") or TEAMS, flat.get("subChannel")
    if isinstance(channel, Mapping):
        parts: Mapping[str, object] = channel
        channel, product = parts.get("channel"), parts.get("subChannel") or product
    return f"{channel}:{product}" if product else channel


def _kind(flat: Mapping[str, object], conversation_id: str | None) -> object:
    """Company Communicator's table of users holds nothing but chats between a user and the bot; ours says it."""
    if flat.get("conversationType"):
        return flat["conversationType"]
    of_users = str(flat.get("partitionKey", "")).lower() == "userdata"
    if flat.get("surface") == Surface.TEAMS_PERSONAL or (of_users and _between_two(conversation_id)):
        return "personal"
    return None


def _between_two(conversation_id: str | None) -> bool:
    """Whether the id has a form that only conversations between a person and a bot have (platform reference §2.5)."""
    return conversation_id is not None and (conversation_id.startswith("a:") or is_graph_chat_id(conversation_id))


def _kind_missing(activity: Mapping[str, Any], conversation_id: str | None) -> bool:
    if activity["conversation"]["conversationType"] or not _between_two(conversation_id):
        return False
    surely = {**activity, "conversation": {**activity["conversation"], "conversationType": "personal"}}
    return classify(surely).surface is Surface.TEAMS_PERSONAL


def _labelled(surface: str | None) -> Classification | None:
    """What a label says that rules out the Teams chat; a label alone never makes one."""
    if surface in (None, Surface.TEAMS_PERSONAL):
        return None
    known = Surface(surface) if surface in set(Surface) else Surface.OTHER
    return Classification(known, "It is labelled so.")


def _app_id(bot_id: str | None) -> str | None:
    found = _APP_ID.fullmatch(bot_id or "")
    return None if found is None else found[1].lower()


def _said_at(fields: Raw, now: datetime) -> datetime | None:
    """When it was true: as it says, or else when its last message was written, whose id is that time."""
    said = _moment(fields.hint("seenAt")) or _moment(fields.hint("timestamp"))
    written = fields.hint("activityId", LONGEST_ID) or ""
    if said is None and _MESSAGE_ID.fullmatch(written):
        said = datetime.fromtimestamp(int(written) / 1000, UTC)
    return None if said is None else min(said, now)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year > 1970 else None
