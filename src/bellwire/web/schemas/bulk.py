"""One message to many people: what is asked, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated

from pydantic import ConfigDict, Field, WithJsonSchema

from bellwire.model.reason import EXPLANATIONS, Mover, Reason
from bellwire.service.bulk import MOST_RECIPIENTS, BulkAccepted, BulkCommand
from bellwire.web.schemas.fields import ADDRESS, GUID, Guid, View
from bellwire.web.schemas.message import TEXT_OR_CARD, PriorityName, TermsBody

SOMEBODY = "5d0e1f9c-2b6a-4a53-9f0e-7b1c3c1d2e4f"

Names = Annotated[
    list[str],
    WithJsonSchema(
        {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_RECIPIENTS,
            "items": {"anyOf": [{"type": "string", "pattern": GUID}, {"type": "string", "pattern": ADDRESS}]},
            "examples": [[SOMEBODY]],
        }
    ),
]


class BulkBody(TermsBody):
    """One message to many people of one tenant."""

    model_config = ConfigDict(
        json_schema_extra={
            **TEXT_OR_CARD,
            "examples": [{"to": [SOMEBODY], "text": "The canteen is closed tomorrow.", "reference": "canteen"}],
        }
    )

    to: Names = Field(
        description="The people's Entra object ids, or (at most 10,000 of them) their user principal names or e-mail "
        "addresses. Whoever is named twice gets the message once."
    )
    tenant_id: Guid | None = Field(default=None, description="The people's tenant; the sender's own if left out.")
    priority: PriorityName = Field(default="bulk", description="`bulk` lets everything else go first.")

    def command(self) -> BulkCommand:
        """What the caller asks for."""
        return BulkCommand(to=self.to, content=self.content(), terms=self.terms(), tenant_id=self.tenant_id)


class RefusedView(View):
    """Somebody who cannot be reached."""

    to: str = Field(description="As the caller named them; an object id in lower case.")
    reason: Reason


class ReasonView(View):
    """Why some people cannot be reached, how many they are, and what to do about it."""

    reason: Reason
    count: int
    fact: str
    remedy: str
    whose_move: Mover


class BulkView(View):
    """What became of the call: accepted + refused + duplicates = everybody who was named."""

    message_id: str = Field(description="Lists the deliveries: `GET /v1/deliveries?message_id=...`.")
    accepted: int = Field(description="Deliveries that were written down.")
    waiting: int = Field(description="Of these, how many wait until the person can be reached.")
    duplicates: int = Field(description="How often somebody was named once more.")
    refused: list[RefusedView] = Field(description="Everybody for whom there is no delivery.")
    reasons: list[ReasonView] = Field(description="The reasons for it, the most frequent first.")


def view(accepted: BulkAccepted) -> BulkView:
    """The answer to the call."""
    return BulkView(
        message_id=accepted.message_id,
        accepted=accepted.accepted,
        waiting=accepted.waiting,
        duplicates=accepted.duplicates,
        refused=[RefusedView(to=who, reason=why) for who, why in accepted.refused.items()],
        reasons=counted(accepted.refused.values()),
    )


def counted(reasons: Iterable[Reason]) -> list[ReasonView]:
    """Each reason once, the most frequent first."""
    return [_reason(reason, count) for reason, count in Counter(reasons).most_common()]


def _reason(reason: Reason, count: int) -> ReasonView:
    fact, remedy, mover = EXPLANATIONS[reason]
    return ReasonView(reason=reason, count=count, fact=fact, remedy=remedy, whose_move=mover)
