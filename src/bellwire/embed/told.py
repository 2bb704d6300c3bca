"""What a bot tells of an activity: enough for capture, and nothing of what people say to the bot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from bellwire.errors import InvalidActivity, InvalidToken, TooLarge
from bellwire.teams.clouds import bare

MOST_BYTES: Final = 64 * 1024
"""Bytes of what is left of one activity without its content; a few hundred are usual."""

CONTENT: Final = frozenset(
    {"text", "attachments", "value", "summary", "speak", "suggestedactions", "texthighlights", "code", "relatesto"}
)
"""Fields that hold what people said. Capture reads none of them, so that they never leave the turn."""


@dataclass(frozen=True, slots=True)
class Told:
    """One activity on its way to capture. It is bytes, so that nothing the bot does afterwards can change it."""

    app_id: str
    activity: bytes = field(repr=False)

    def read(self) -> dict[str, Any]:
        """The activity as JSON has it."""
        fields: dict[str, Any] = orjson.loads(self.activity)
        return fields


def told(claims: Mapping[str, Any], activity: Mapping[str, Any]) -> Told:
    """The activity for capture, with the claims of the token that the SDK has verified.

    The SDKs check a token's service URL in part or not at all; an address that nobody vouched for must not be
    learnt (platform reference §4), so it is compared here.

    Raises:
        InvalidToken: the token names no app or no service URL, or another one than the activity's.
        InvalidActivity, TooLarge: as ``written``.
    """
    app_id, service_url = claims.get("aud"), claims.get("serviceurl")
    if not isinstance(app_id, str) or not isinstance(service_url, str):
        raise InvalidToken("The turn's token names no bot or no service URL.", code="no_service_url")
    if bare(service_url) != bare(str(activity.get("serviceUrl"))):
        raise InvalidToken("The token is for another service URL than the activity's.", code="foreign_service_url")
    return Told(app_id, written(activity))


def written(activity: Mapping[str, Any]) -> bytes:
    """The activity as JSON, without what people wrote.

    Raises:
        InvalidActivity: the activity cannot be written as JSON.
        TooLarge: it is larger than any that Teams sends.
    """
    kept = {name: value for name, value in activity.items() if name.casefold() not in CONTENT}
    try:
        body = orjson.dumps(kept)
    except orjson.JSONEncodeError:
        raise InvalidActivity("The activity is not JSON.", field="body") from None  # the cause may quote it
    if len(body) > MOST_BYTES:
        raise TooLarge(f"The activity is larger than {MOST_BYTES} bytes without its content.", field="body")
    return body
