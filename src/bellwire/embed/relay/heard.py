"""What a relay heard: an activity with the token that came with it, not yet verified."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from bellwire.app import Bellwire
from bellwire.embed.told import written
from bellwire.errors import BellwireError, InvalidActivity, Unavailable


@dataclass(frozen=True, slots=True)
class Heard:
    """One request to the bot, without what people wrote."""

    authorization: str | None = field(repr=False)
    activity: bytes = field(repr=False)


def heard(authorization: str | None, body: bytes) -> Heard:
    """What capture needs of a request.

    Raises:
        InvalidActivity: the body is no JSON object; the bot may still know what to do with it.
        TooLarge: it is larger than any activity.
    """
    try:
        activity = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise InvalidActivity("The body is not JSON.", field="body") from None  # the cause would carry the body
    if not isinstance(activity, dict):
        raise InvalidActivity("The body is not a JSON object.", field="body")
    return Heard(authorization, written(activity))


async def take(bellwire: Bellwire, several: Sequence[Heard]) -> Sequence[BellwireError | None]:
    """Verify and keep what was heard, as the bot endpoint does; in the place of each, why it was refused."""
    return await asyncio.gather(*(_take(bellwire, one) for one in several))


async def _take(bellwire: Bellwire, one: Heard) -> BellwireError | None:
    activity: dict[str, Any] = orjson.loads(one.activity)
    try:
        claims = await bellwire.verifier.verify(one.authorization, activity)
        bellwire.metrics.captured(await bellwire.capture.take(claims.app_id, activity))
    except Unavailable:
        raise
    except BellwireError as error:
        return error
    return None
