"""What Teams and Copilot send to a bot, in the shapes of platform reference §1.5 and §2.2. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bellwire.simulator.bot import Bot
from bellwire.simulator.chat import Chat, Json, Kind, Team
from bellwire.simulator.person import Person


@dataclass(frozen=True, slots=True)
class Stage:
    """Who does something, where and when; ``id`` is the activity's."""

    bot: Bot
    person: Person
    user_id: str
    chat: Chat
    service_url: str
    now: datetime
    id: str
    team: Team | None = None


def timestamp(now: datetime) -> str:
    """ISO 8601 with milliseconds and Z, as Teams writes it."""
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def envelope(stage: Stage, type_: str) -> Json:
    """What every activity has."""
    person, kind = stage.person, stage.chat.kind
    local = stage.now.astimezone(ZoneInfo(person.timezone))
    return {
        "type": type_,
        "id": stage.id,
        "timestamp": timestamp(stage.now),
        "localTimestamp": local.isoformat(timespec="milliseconds"),
        "localTimezone": person.timezone,
        "channelId": "msteams",
        "serviceUrl": stage.service_url,
        "from": {
            "id": stage.user_id,
            "name": "" if kind.is_copilot else person.name,
            "aadObjectId": person.aad_object_id,
        },
        "conversation": _conversation(stage),
        "recipient": {"id": stage.bot.account_id, "name": stage.bot.name},
        "entities": [_client_info(stage), *([{"type": "ProductInfo", "id": "COPILOT"}] if kind.is_copilot else [])],
        "channelData": _channel_data(stage),
        "locale": person.locale,
    }


def _conversation(stage: Stage) -> Json:
    chat = stage.chat
    account: Json = {"tenantId": chat.tenant_id, "id": chat.id}
    if chat.kind is Kind.TEAMS:
        return {"conversationType": "personal", **account}
    account = {"isGroup": True, "conversationType": "channel" if chat.kind is Kind.CHANNEL else "groupChat", **account}
    return account | ({"name": chat.name} if chat.kind is Kind.CHANNEL else {})


def _client_info(stage: Stage) -> Json:
    info = {"type": "clientInfo", "locale": stage.person.locale, "timezone": stage.person.timezone}
    return info if stage.chat.kind.is_copilot else info | {"country": stage.person.country, "platform": "Windows"}


def _channel_data(stage: Stage) -> Json:
    data: Json = {"tenant": {"id": stage.chat.tenant_id}}
    if stage.chat.kind is Kind.CHANNEL and stage.team is not None:
        team = stage.team
        data["team"] = {"aadGroupId": team.group_id, "name": team.name, "id": team.id}
        data["channel"] = {"id": stage.chat.id}
    if stage.chat.kind.is_copilot:
        data["productContext"] = "COPILOT"
    return data


def installation(stage: Stage, action: str) -> Json:
    """``installationUpdate``; the action is one of add, remove, upgrade, add-upgrade and remove-upgrade."""
    activity = envelope(stage, "installationUpdate") | {"action": action}
    del activity["from"]["name"]
    data = activity["channelData"] | {"source": {"name": "message"}}
    data["app"] = {"id": stage.bot.app_id, "version": stage.bot.app_version}
    if stage.chat.kind is Kind.CHANNEL and action.startswith("add"):
        data["settings"] = {"selectedChannel": {"id": stage.chat.id}}
    return activity | {"channelData": data}


def membership(stage: Stage, *, added: list[Json] | None = None, removed: list[Json] | None = None) -> Json:
    """``conversationUpdate`` with members added or removed."""
    activity = envelope(stage, "conversationUpdate")
    del activity["from"]["name"]
    if stage.chat.kind is Kind.CHANNEL:
        activity["channelData"]["eventType"] = "teamMemberAdded" if added else "teamMemberRemoved"
    if added:
        activity["membersAdded"] = added
    if removed:
        activity["membersRemoved"] = removed
    return activity


def bot_member(stage: Stage) -> Json:
    return {"id": stage.bot.account_id}


def user_member(stage: Stage) -> Json:
    return {"id": stage.user_id, "aadObjectId": stage.person.aad_object_id}


def message(stage: Stage, text: str) -> Json:
    """What a person wrote; Teams adds the same as HTML, Copilot and groups add the mention of the bot."""
    activity = envelope(stage, "message") | {"textFormat": "plain", "text": text}
    if not stage.chat.kind.is_copilot:
        activity["attachments"] = [{"contentType": "text/html", "content": f"<p>{_escaped(text)}</p>"}]
    if stage.chat.kind is not Kind.TEAMS:
        mentioned = {"id": stage.bot.account_id, "name": stage.bot.name}
        mention = {"type": "mention", "mentioned": mentioned, "text": f"<at>{stage.bot.name}</at>"}
        activity["entities"] = [mention, *activity["entities"]]
    return activity


def edited(stage: Stage, message_id: str, text: str, *, undeleted: bool = False) -> Json:
    """``messageUpdate``: a person changed what they wrote, or took back its deletion."""
    activity = message(stage, text) | {"type": "messageUpdate", "id": message_id}
    activity["channelData"]["eventType"] = "undeleteMessage" if undeleted else "editMessage"
    return activity


def retracted(stage: Stage, message_id: str) -> Json:
    """``messageDelete``: a person deleted what they wrote."""
    activity = envelope(stage, "messageDelete") | {"id": message_id}
    activity["channelData"]["eventType"] = "softDeleteMessage"
    return activity


def reaction(stage: Stage, message_id: str, *, added: list[str], removed: list[str]) -> Json:
    """``messageReaction`` to one of the bot's messages."""
    activity = envelope(stage, "messageReaction") | {"replyToId": message_id}
    for name, kinds in (("reactionsAdded", added), ("reactionsRemoved", removed)):
        if kinds:
            activity[name] = [{"type": kind} for kind in kinds]
    return activity


def invoke(stage: Stage, name: str, value: Mapping[str, Any], reply_to: str | None) -> Json:
    """``invoke``: a pressed card button, feedback."""
    activity = envelope(stage, "invoke") | {"name": name, "value": dict(value)}
    return activity if reply_to is None else activity | {"replyToId": reply_to}


def read_receipt(stage: Stage, message_id: str) -> Json:
    """``event``: everything up to this message was read (platform reference §11.6)."""
    value = {"lastReadMessageId": message_id}
    return envelope(stage, "event") | {"name": "application/vnd.microsoft.readReceipt", "value": value}


def typing(stage: Stage) -> Json:
    return envelope(stage, "typing")


def patched(activity: Json, patch: Mapping[str, Any]) -> Json:
    """The activity changed by a JSON merge patch (RFC 7396): for hostile casing and missing keys."""
    changed = dict(activity)
    for key, value in patch.items():
        if value is None:
            changed.pop(key, None)
        elif isinstance(value, Mapping):
            inner = changed.get(key)
            changed[key] = patched(inner if isinstance(inner, dict) else {}, value)
        else:
            changed[key] = value
    return changed


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
