"""Whether many people can be reached: what is asked, and the answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, WithJsonSchema

from bellwire.model.reach import Obstacle, Reachable, Way
from bellwire.model.reason import EXPLANATIONS, Mover, Reason
from bellwire.service.checking import MOST_AT_ONCE, Checked
from bellwire.web.schemas.bulk import SOMEBODY, ReasonView, counted
from bellwire.web.schemas.fields import ADDRESS, GUID, Guid, SenderName, Strict, View

Names = Annotated[
    list[str],
    WithJsonSchema(
        {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_AT_ONCE,
            "items": {"anyOf": [{"type": "string", "pattern": GUID}, {"type": "string", "pattern": ADDRESS}]},
            "examples": [[SOMEBODY]],
        }
    ),
]


class CheckBody(Strict):
    """People of one tenant."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"to": [SOMEBODY]}]})

    to: Names = Field(description="Entra object ids, user principal names or e-mail addresses; at most 10,000.")
    tenant_id: Guid | None = Field(default=None, description="The people's tenant; the sender's own if left out.")
    sender: SenderName | None = Field(default=None, description="Only as this sender; any one if left out.")


class CheckedView(View):
    """One of them."""

    to: str = Field(description="As the caller named them.")
    reachable: bool
    sender: str
    way: Way | None = None
    reason: Reason | None = Field(default=None, description="What is in the way; `reasons` explains it.")
    whose_move: Mover | None = Field(default=None, description="Who can remove it.")


class CheckView(View):
    """Everybody, in the order in which they were named."""

    people: list[CheckedView]
    reachable: int = Field(description="How many can be reached.")
    reasons: list[ReasonView] = Field(description="What is in the way of the others, the most frequent first.")


def view(found: list[Checked]) -> CheckView:
    """The answer."""
    return CheckView(
        people=[_one(each) for each in found],
        reachable=sum(isinstance(each.found, Reachable) for each in found),
        reasons=counted(each.found.reason for each in found if isinstance(each.found, Obstacle)),
    )


def _one(each: Checked) -> CheckedView:
    if isinstance(each.found, Reachable):
        return CheckedView(to=each.to, reachable=True, sender=each.sender, way=each.found.way)
    reason = each.found.reason
    mover = EXPLANATIONS[reason].mover
    return CheckedView(to=each.to, reachable=False, sender=each.sender, reason=reason, whose_move=mover)
