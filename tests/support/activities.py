"""Activities in the shapes that Teams and Copilot send them (platform reference §1.5, §2.2), one person's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

Json = dict[str, Any]

APP_ID: Final = "22222222-2222-2222-2222-222222222222"
BOT_ID: Final = f"28:{APP_ID}"
TENANT: Final = "11111111-1111-1111-1111-111111111111"
MEGAN: Final = "aaaaaaaa-0000-0000-0000-000000000001"
MEGAN_IN_TEAMS: Final = "29:1MEGAN"
SERVICE_URL: Final = f"https://smba.trafficmanager.net/emea/{TENANT}/"
TEAMS_CHAT: Final = "a:1TEAMS-CHAT"
COPILOT_CHAT: Final = "19:copilot@thread.v2"
GROUP_CHAT: Final = "19:group@thread.v2"
CHANNEL: Final = "19:channel@thread.tacv2"
START: Final = datetime(2026, 11, 22, 9, tzinfo=UTC)


def at(minutes: float = 0) -> str:
    """A moment of the story, as Teams writes it."""
    return (START + timedelta(minutes=minutes)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def activity(kind: str = "message", *, minutes: float = 0, person: str = MEGAN, **changes: Any) -> Json:
    """What every activity from a Teams chat has; ``changes`` replace its fields, and None takes one out."""
    fields: Json = {
        "type": kind,
        "id": f"{kind}-{minutes}",
        "timestamp": at(minutes),
        "channelId": "msteams",
        "serviceUrl": SERVICE_URL,
        "from": {"id": MEGAN_IN_TEAMS, "name": "Megan Bowen", "aadObjectId": person},
        "conversation": {"conversationType": "personal", "tenantId": TENANT, "id": TEAMS_CHAT},
        "recipient": {"id": BOT_ID, "name": "Notify Bot"},
        "entities": [{"type": "clientInfo", "locale": "en-US", "timezone": "America/Los_Angeles"}],
        "channelData": {"tenant": {"id": TENANT}},
        "locale": "en-US",
    }
    fields.update(changes)
    return {name: value for name, value in fields.items() if value is not None}


def message(*, minutes: float = 0, **changes: Any) -> Json:
    """A message in the Teams chat."""
    return activity("message", minutes=minutes, **({"text": "hi", "textFormat": "plain"} | changes))


def install(action: str = "add", *, minutes: float = 0, **changes: Any) -> Json:
    """An installationUpdate in personal scope; it names nobody's name."""
    channel_data = {"tenant": {"id": TENANT}, "source": {"name": "message"}, "app": {"id": "app", "version": "1.2.3"}}
    told: Json = {
        "id": f"{action}-{minutes}",
        "action": action,
        "from": {"id": MEGAN_IN_TEAMS, "aadObjectId": MEGAN},
        "channelData": channel_data,
    }
    return activity("installationUpdate", minutes=minutes, **(told | changes))


def bot_added(*, minutes: float = 0, **changes: Any) -> Json:
    """The conversationUpdate that comes once, when the personal chat is made."""
    members = [{"id": BOT_ID}, {"id": MEGAN_IN_TEAMS, "aadObjectId": MEGAN}]
    told: Json = {
        "id": f"added-{minutes}",
        "membersAdded": members,
        "from": {"id": MEGAN_IN_TEAMS, "aadObjectId": MEGAN},
        "entities": None,
        "locale": None,
    }
    return activity("conversationUpdate", minutes=minutes, **(told | changes))


def copilot_message(*, minutes: float = 0, **changes: Any) -> Json:
    """A message typed into Copilot: the captured payload of the platform reference, §2.2."""
    told: Json = {
        "from": {"id": MEGAN_IN_TEAMS, "name": "", "aadObjectId": MEGAN},
        "conversation": {"isGroup": True, "conversationType": "groupChat", "tenantId": TENANT, "id": COPILOT_CHAT},
        "entities": [
            {"type": "mention", "mentioned": {"id": BOT_ID, "name": "Notify Bot"}},
            {"type": "clientInfo", "locale": "en-US", "timezone": "America/Los_Angeles"},
            {"type": "ProductInfo", "id": "COPILOT"},
        ],
        "channelData": {"tenant": {"id": TENANT}, "productContext": "COPILOT"},
        "serviceUrl": f"https://smba.trafficmanager.net/amer/{TENANT}/",
    }
    return message(minutes=minutes, **({"id": f"copilot-{minutes}"} | told | changes))


def group_message(*, minutes: float = 0, **changes: Any) -> Json:
    """A message in a group chat."""
    told: Json = {
        "id": f"group-{minutes}",
        "conversation": {"isGroup": True, "conversationType": "groupChat", "tenantId": TENANT, "id": GROUP_CHAT},
    }
    return message(minutes=minutes, **(told | changes))


def group_install(*, minutes: float = 0, **changes: Any) -> Json:
    """The app comes into a group chat; ``from`` is who installed it."""
    return install(minutes=minutes, **({"id": f"ginst-{minutes}"} | _in_group() | changes))


def channel_message(*, minutes: float = 0, **changes: Any) -> Json:
    """A message in a channel."""
    return message(minutes=minutes, **({"id": f"channel-{minutes}"} | _in_channel() | changes))


def team_install(*, minutes: float = 0, **changes: Any) -> Json:
    """The app comes into a team; ``from`` is who installed it."""
    return install(minutes=minutes, **({"id": f"tinst-{minutes}"} | _in_channel() | changes))


def team_bot_added(*, minutes: float = 0, **changes: Any) -> Json:
    """The conversationUpdate of a team, when the bot comes in."""
    told: Json = {"id": f"tadded-{minutes}", "membersAdded": [{"id": BOT_ID}]}
    return activity("conversationUpdate", minutes=minutes, **(told | _in_channel() | changes))


def without(fields: Json, *path: str) -> Json:
    """The same activity without the field at ``path``."""
    return changed(fields, *path, to=None)


def changed(fields: Json, *path: str, to: Any) -> Json:
    """The same activity with another value at ``path``; None takes the field out."""
    first, *rest = path
    value = changed(fields.get(first, {}), *rest, to=to) if rest else to
    kept = {name: old for name, old in fields.items() if name != first}
    return kept if value is None else {**kept, first: value}


def _in_group() -> Json:
    return {"conversation": {"isGroup": True, "conversationType": "groupChat", "tenantId": TENANT, "id": GROUP_CHAT}}


def _in_channel() -> Json:
    return {
        "conversation": {"isGroup": True, "conversationType": "channel", "tenantId": TENANT, "id": CHANNEL},
        "channelData": {
            "settings": {"selectedChannel": {"id": CHANNEL}},
            "channel": {"id": CHANNEL},
            "team": {"aadGroupId": "44444444-4444-4444-4444-444444444444", "name": "Ops", "id": CHANNEL},
            "tenant": {"id": TENANT},
        },
    }
