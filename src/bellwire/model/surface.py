"""Where an activity came from. Told from the RAW JSON, before any model can rewrite it (platform reference §2.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Surface(StrEnum):
    """The places from which a person can talk to one bot."""

    TEAMS_PERSONAL = "teams_personal"
    TEAMS_GROUP = "teams_group"
    TEAMS_CHANNEL = "teams_channel"
    COPILOT = "copilot"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Classification:
    """A surface and, in words, the fact that decided it."""

    surface: Surface
    reason: str


TEAMS: Final = "msteams"
_NOTHING: Final[Mapping[str, object]] = {}
_CHANNEL_THREADS: Final = ("@thread.tacv2", "@thread.skype")
_NO: Final = frozenset({"", "0", "false", "no", "null", "none"})


def classify(activity: Mapping[str, object]) -> Classification:
    """The surface of a raw activity. Total: whatever the JSON holds, there is an answer and no error.

    Only what is beyond doubt is ``teams_personal``: a sign of another product, of a group or of a channel outweighs
    ``conversationType``, and what cannot be read is taken for the worse (platform reference §2.2, §2.5).
    """
    channel, _, product = _text(activity.get("channelId")).partition(":")
    if channel.lower() != TEAMS:
        return Classification(Surface.OTHER, "channelId is not that of Teams.")
    # Copilot comes first: a Copilot conversation looks exactly like a group chat, except for its markers.
    if sign := _product_sign(activity, product):
        return Classification(Surface.COPILOT, sign)
    if sign := _channel_sign(activity):
        return Classification(Surface.TEAMS_CHANNEL, sign)
    if sign := _group_sign(activity):
        return Classification(Surface.TEAMS_GROUP, sign)
    if doubt := _doubt(activity):
        return Classification(Surface.OTHER, doubt)
    return Classification(Surface.TEAMS_PERSONAL, "conversationType is personal, and nothing speaks against it.")


def is_graph_chat_id(conversation_id: str) -> bool:
    """Whether the id is Graph's name of a 1:1 chat, which the Bot Connector does not always take (reference §7.4)."""
    return conversation_id.lower().endswith("@unq.gbl.spaces")


def is_thread_id(conversation_id: str) -> bool:
    """Whether the id names a channel's, a group's or a meeting's thread: never a person's chat (reference §2.5)."""
    name = conversation_id.strip().lower()
    return _names_channel(name) or _names_group(name)


def _product_sign(activity: Mapping[str, object], product: str) -> str | None:
    if product:
        return "channelId is compound: it names a product beside Teams."
    for data in _named(activity, "channeldata"):
        if any(context not in (None, "") for context in _named(_object(data), "productcontext")):
            return "channelData.productContext names a product."
    if any(_is_product_entity(entity) for entities in _named(activity, "entities") for entity in _flat(entities)):
        return "An entity names a product: ProductInfo or subChannelInfo."
    return None


def _is_product_entity(entity: object) -> bool:
    if isinstance(entity, str):
        words = entity.casefold()
        return "productinfo" in words or "subchannelinfo" in words
    fields = _object(entity)
    kinds = (_text(kind).strip().casefold() for kind in _named(fields, "type"))
    return any(True for _ in _named(fields, "subchannelinfo")) or "productinfo" in kinds


def _channel_sign(activity: Mapping[str, object]) -> str | None:
    kind, conversation_id = _kind(activity), _conversation_id(activity)
    data = _object(activity.get("channelData"))
    if kind == "channel":
        return "conversationType is channel."
    if kind == "personal" and (data.get("team") or data.get("channel")):
        return "channelData names a team or a channel."
    if _names_channel(conversation_id):
        return "conversation.id is that of a channel."
    return None


def _group_sign(activity: Mapping[str, object]) -> str | None:
    kind, conversation_id = _kind(activity), _conversation_id(activity)
    if kind == "groupchat":
        return "conversationType is groupChat."
    if _is_yes(_object(activity.get("conversation")).get("isGroup")):
        return "conversation.isGroup is set."
    if _object(activity.get("channelData")).get("meeting"):
        return "channelData names a meeting."
    if _names_group(conversation_id):
        return "conversation.id is that of a group or meeting thread."
    return None


def _names_channel(conversation_id: str) -> bool:
    return any(thread in conversation_id for thread in _CHANNEL_THREADS)


def _names_group(conversation_id: str) -> bool:
    return conversation_id.startswith("19:") and "@thread." in conversation_id


def _doubt(activity: Mapping[str, object]) -> str | None:
    data = activity.get("channelData")
    if _kind(activity) != "personal":
        return "conversationType is missing or unknown."
    if data is not None and not isinstance(data, Mapping):
        return "channelData is unreadable, so another product cannot be ruled out."
    if not _conversation_id(activity):
        return "conversation.id is missing."
    if not _names_a_person(activity):
        return "No one is named by an Entra object id."
    if not _names_a_tenant(activity):
        return "No tenant is named."
    return None


def _names_a_person(activity: Mapping[str, object]) -> bool:
    accounts = [activity.get("from")]
    if _text(activity.get("type")).lower() == "conversationupdate":
        accounts += [*_flat(activity.get("membersAdded")), *_flat(activity.get("membersRemoved"))]
    return any(_text(_object(account).get("aadObjectId")).strip() for account in accounts)


def _names_a_tenant(activity: Mapping[str, object]) -> bool:
    tenant = _object(_object(activity.get("channelData")).get("tenant"))
    conversation = _object(activity.get("conversation"))
    return bool(_text(tenant.get("id")).strip() or _text(conversation.get("tenantId")).strip())


def _kind(activity: Mapping[str, object]) -> str:
    return _text(_object(activity.get("conversation")).get("conversationType")).strip().lower()


def _conversation_id(activity: Mapping[str, object]) -> str:
    return _text(_object(activity.get("conversation")).get("id")).strip().lower()


def _is_yes(value: object) -> bool:
    """Booleans come as text too; whatever is no clear no is a yes, since a yes is the safe side."""
    if isinstance(value, str):
        return value.strip().lower() not in _NO
    return bool(value)


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else _NOTHING


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _named(fields: Mapping[str, object], name: str) -> Iterator[object]:
    """Every value whose key is ``name`` in any casing: JSON may hold the same key twice in two casings."""
    return (value for key, value in fields.items() if str(key).casefold() == name)


def _flat(value: object) -> Iterator[object]:
    """A single thing as it is, a list's items, nested lists' items too; by a loop, since nesting may be hostile."""
    pending = [value]
    while pending:
        thing = pending.pop()
        if isinstance(thing, list):
            pending.extend(thing)
        else:
            yield thing
