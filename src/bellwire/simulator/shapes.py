"""The types that the Bot Connector's schema gives to what a bot sends; anything else is malformed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bellwire.simulator.refusal import BAD_ARGUMENT, BAD_SYNTAX, Refused

# A check returns what is wrong, as words to put behind the property's name, or None.
Check = Callable[[Any, str], str | None]
ACTIVITY_TYPES = frozenset(
    [
        "message",
        "typing",
        "event",
        "invoke",
        "invokeResponse",
        "endOfConversation",
        "trace",
        "handoff",
        "suggestion",
        "command",
        "commandResult",
        "conversationUpdate",
        "installationUpdate",
        "messageReaction",
        "messageUpdate",
        "messageDelete",
        "contactRelationUpdate",
        "deleteUserData",
    ]
)
SENDABLE = frozenset({"message", "typing", "event", "endOfConversation", "trace", "invokeResponse"})


def _string(value: Any, place: str) -> str | None:
    return None if isinstance(value, str) else f"{place} is no string"


def _boolean(value: Any, place: str) -> str | None:
    return None if isinstance(value, bool) else f"{place} is no boolean"


def _integer(value: Any, place: str) -> str | None:
    whole = isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value < 2**31
    return None if whole else f"{place} is no int32"


def _object(value: Any, place: str) -> str | None:
    return None if isinstance(value, dict) else f"{place} is no object"


def _time(value: Any, place: str) -> str | None:
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return f"{place} is no date-time"
    return None


def _one_of(*words: str) -> Check:
    allowed = frozenset(words)
    return lambda value, place: None if isinstance(value, str) and value in allowed else f"{place} is unknown"


def _list_of(check: Check) -> Check:
    def listed(value: Any, place: str) -> str | None:
        if not isinstance(value, list):
            return f"{place} is no array"
        return next((wrong for item in value if (wrong := check(item, f"{place}[]"))), None)

    return listed


def _shape(properties: Mapping[str, Check]) -> Check:
    def shaped(value: Any, place: str) -> str | None:
        if not isinstance(value, dict):
            return f"{place} is no object"
        for name, inner in value.items():
            check = properties.get(name)
            if check is not None and (wrong := check(inner, f"{place}.{name}" if place else name)):
                return wrong
        return None

    return shaped


def _map_of(check: Check) -> Check:
    def mapped(value: Any, place: str) -> str | None:
        if not isinstance(value, dict):
            return f"{place} is no object"
        return next((wrong for name, item in value.items() if (wrong := check(item, f"{place}.{name}"))), None)

    return mapped


_ROLE = _one_of("user", "bot", "skill")
_ACCOUNT = {"id": _string, "name": _string, "aadObjectId": _string, "role": _ROLE}
CHANNEL_ACCOUNT = _shape(_ACCOUNT)
CONVERSATION_ACCOUNT = _shape(
    {**_ACCOUNT, "isGroup": _boolean, "conversationType": _string, "tenantId": _string},
)
CARD_ACTION = _shape(
    {
        "type": _one_of(
            *[
                "openUrl",
                "imBack",
                "postBack",
                "playAudio",
                "playVideo",
                "showImage",
                "downloadFile",
                "signin",
                "call",
                "payment",
                "messageBack",
            ]
        ),
        "title": _string,
        "image": _string,
        "text": _string,
        "displayText": _string,
        "value": _object,
        "channelData": _object,
    }
)
ATTACHMENT = _shape(
    {"contentType": _string, "contentUrl": _string, "content": _object, "name": _string, "thumbnailUrl": _string}
)
ENTITY = _shape({"type": _string})
REACTION = _shape({"type": _one_of("like", "plusOne")})
REFERENCE = _shape(
    {
        "activityId": _string,
        "user": CHANNEL_ACCOUNT,
        "bot": CHANNEL_ACCOUNT,
        "conversation": CONVERSATION_ACCOUNT,
        "channelId": _string,
        "serviceUrl": _string,
    }
)
_STRINGS = [
    "id",
    "localTimezone",
    "callerId",
    "serviceUrl",
    "channelId",
    "topicName",
    "locale",
    "text",
    "speak",
    "summary",
    "action",
    "replyToId",
    "label",
    "valueType",
    "name",
]
ACTIVITY = _shape(
    {
        **dict.fromkeys(_STRINGS, _string),
        "type": _one_of(*ACTIVITY_TYPES),
        "timestamp": _time,
        "localTimestamp": _time,
        "expiration": _time,
        "from": CHANNEL_ACCOUNT,
        "recipient": CHANNEL_ACCOUNT,
        "conversation": CONVERSATION_ACCOUNT,
        "textFormat": _one_of("markdown", "plain", "xml", "extendedmarkdown"),
        "attachmentLayout": _one_of("list", "carousel"),
        "membersAdded": _list_of(CHANNEL_ACCOUNT),
        "membersRemoved": _list_of(CHANNEL_ACCOUNT),
        "reactionsAdded": _list_of(REACTION),
        "reactionsRemoved": _list_of(REACTION),
        "historyDisclosed": _boolean,
        "inputHint": _one_of("acceptingInput", "ignoringInput", "expectingInput"),
        "suggestedActions": _shape({"to": _list_of(_string), "actions": _list_of(CARD_ACTION)}),
        "attachments": _list_of(ATTACHMENT),
        "entities": _list_of(ENTITY),
        "channelData": _object,
        "value": _object,
        "relatesTo": REFERENCE,
        "code": _one_of(
            "unknown",
            "completedSuccessfully",
            "userCancelled",
            "botTimedOut",
            "botIssuedInvalidMessage",
            "channelFailed",
        ),
        "importance": _one_of("low", "normal", "high", "urgent"),
        "deliveryMode": _one_of("normal", "notification", "expectReplies", "ephemeral"),
        "listenFor": _list_of(_string),
        "textHighlights": _list_of(_shape({"text": _string, "occurrence": _integer})),
        "semanticAction": _shape(
            {"state": _one_of("start", "continue", "done"), "id": _string, "entities": _map_of(ENTITY)}
        ),
    }
)
CONVERSATION_PARAMETERS = _shape(
    {
        "isGroup": _boolean,
        "bot": CHANNEL_ACCOUNT,
        "members": _list_of(CHANNEL_ACCOUNT),
        "topicName": _string,
        "tenantId": _string,
        "activity": ACTIVITY,
        "channelData": _object,
    }
)


def check_activity(activity: Any) -> None:
    """Raises Refused (400) for what is no activity that a bot may send."""
    if wrong := ACTIVITY(activity, ""):
        raise Refused(BAD_ARGUMENT.but(message=f"Invalid activity: {wrong}."))
    type_ = activity.get("type")
    if type_ not in SENDABLE:
        raise Refused(BAD_ARGUMENT.but(message=f"Unknown activity type: {type_!r}."))
    if type_ == "message" and not (activity.get("text") or activity.get("attachments")):
        raise Refused(BAD_SYNTAX.but(message="Activity must include non empty 'text' field or at least 1 attachment."))


def check_parameters(parameters: Any) -> None:
    """Raises Refused (400) for what are no parameters of a new conversation."""
    if wrong := CONVERSATION_PARAMETERS(parameters, ""):
        raise Refused(BAD_ARGUMENT.but(message=f"Invalid conversation parameters: {wrong}."))
