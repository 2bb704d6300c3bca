"""For receivers of callbacks: whether what came is Bellwire's, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bellwire.client import answers
from bellwire.client.answers import Delivery
from bellwire.errors import InvalidInput, Unauthorized

ENDED: Final = "delivery.ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What a receiver was told. ``id`` is the same however often it comes; ``delivery`` is there if one ended."""

    id: str
    type: str
    at: datetime
    delivery: Delivery | None = None


def verify(body: bytes | str, headers: Mapping[str, str], secret: str) -> Event:
    """What a request to a receiver says, if it was signed with the callback's secret in the last five minutes.

    ``body`` is the request's body as it came, before anything parsed it.

    Raises:
        InvalidInput: ``secret`` is none.
        Unauthorized: it was not; answer 401 and do nothing.
    """
    from standardwebhooks import Webhook, WebhookVerificationError

    try:
        webhook = Webhook(secret)
    except Exception:  # the library exports none of those that it raises here
        raise InvalidInput(
            "It is no callback's secret.",
            field="secret",
            remedy="Pass the secret that 'bellwire callbacks add' showed; it begins with whsec_.",
        ) from None
    given = {name.lower(): value for name, value in headers.items()}
    try:
        told = webhook.verify(body, given)
    except (WebhookVerificationError, ValueError) as error:
        raise Unauthorized(
            "The request was not signed with this secret, or not just now.",
            field="webhook-signature",
            code="invalid_signature",
            remedy="Answer 401. If it is Bellwire's: check the secret, the clock, and that the body is unchanged.",
        ) from error
    delivery = answers.delivery(told["data"]) if told["type"] == ENDED else None
    at = datetime.fromisoformat(told["timestamp"])
    return Event(id=given["webhook-id"], type=told["type"], at=at, delivery=delivery)
