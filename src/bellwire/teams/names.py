"""The names that other systems give to the fields of a conversation reference, and the one that is used here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from bellwire.errors import InvalidInput

DEEPEST: Final = 6
SAME: Final = (
    ("aadObjectId", "aadId", "objectId", "entraObjectId", "entraId", "azureAdObjectId", "userAadObjectId"),
    ("activityId",),
    ("agent",),
    ("bot",),
    ("botId", "appId", "botAppId", "microsoftAppId"),
    ("channel",),
    ("channelData",),
    ("channelId",),
    ("conversation",),
    ("conversationId", "chatId", "personalChatId"),
    ("conversationReference", "conversationRef"),
    ("conversationType",),
    ("email", "mail", "emailAddress"),
    ("entities",),
    ("from", "fromProperty"),
    ("id",),
    ("isGroup",),
    ("locale",),
    ("meeting",),
    ("name", "displayName"),
    ("partitionKey",),
    ("productContext",),
    ("recipient",),
    ("reference",),
    ("seenAt",),
    ("serviceUrl",),
    ("subChannel",),
    ("subChannelInfo",),
    ("surface",),
    ("team",),
    ("tenant",),
    ("tenantId", "aadTenantId"),
    ("timestamp", "lastSeen", "lastSeenAt", "updatedAt", "lastUpdated", "lastInteraction"),
    ("timezone", "localTimezone"),
    ("type",),
    ("upn", "userPrincipalName"),
    ("user",),
    ("userId", "teamsUserId"),
)


HINTS: Final = frozenset({"locale", "name", "timestamp", "timezone", "type"})
"""Nothing hangs on these: the first one counts."""


def plain(name: str) -> str:
    """A name without casing and without what separates its words."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


_HERE: Final = MappingProxyType({plain(name): names[0] for names in SAME for name in names})


def known(name: str) -> str | None:
    """The name that is used here for a field; none for a field that means nothing here."""
    return _HERE.get(plain(name))


def tidy(fields: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """The fields under the names that are used here, nested ones too. What is unknown stays as it is.

    Raises:
        InvalidInput: the same field stands there twice with different values, so that one of them would be lost.
    """
    if depth == DEEPEST:
        return dict(fields)
    tidied: dict[str, Any] = {}
    for name, value in fields.items():
        here, inner = known(str(name)) or str(name), _tidied(value, depth + 1)
        if here not in HINTS and _contradict(tidied.get(here), inner):
            raise InvalidInput("It stands there twice, with different values.", field=here, remedy="Keep one of them.")
        if tidied.get(here) in (None, ""):
            tidied[here] = inner
    return tidied


def _contradict(one: Any, other: Any) -> bool:
    """Whether both say something, and not the same."""
    if one in (None, "") or other in (None, ""):
        return False
    return isinstance(one, (Mapping, list)) or isinstance(other, (Mapping, list)) or one != other


def _tidied(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        return tidy(value, depth)
    if isinstance(value, list):
        return [_tidied(item, depth) for item in value] if depth < DEEPEST else value
    return value
