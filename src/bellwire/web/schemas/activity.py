"""Activities that another bot was sent: what is told, and where each of them came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from bellwire.errors import BellwireError
from bellwire.model.surface import Surface
from bellwire.service.telling import MOST_ACTIVITIES, Told
from bellwire.web.schemas.fields import SenderName, Strict, View

EXAMPLE: Any = {
    "type": "message",
    "channelId": "msteams",
    "serviceUrl": "https://smba.trafficmanager.net/emea/",
    "from": {"id": "29:1-adele", "aadObjectId": "5d0e1f9c-2b6a-4a53-9f0e-7b1c3c1d2e4f"},
    "recipient": {"id": "28:0c0a7f3e-4c2b-4a53-9f0e-7b1c3c1d2e4f"},
    "conversation": {"id": "a:1-adele", "conversationType": "personal"},
    "channelData": {"tenant": {"id": "72f988bf-86f1-41af-91ab-2d7cd011db47"}},
}


class ActivitiesBody(Strict):
    """Activities as the bot was sent them, with all their fields: it is these that tell the surfaces apart."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"activities": [EXAMPLE]}]})

    activities: Annotated[list[dict[Any, Any]], Field(min_length=1, max_length=MOST_ACTIVITIES)] = Field(
        description="The requests' JSON, before any SDK has parsed it; only those whose token the bot has verified."
    )
    sender: SenderName | None = Field(default=None, description="Whose bot was sent them; else their recipient.")


class ToldView(View):
    """Where an activity came from, or why it was not taken."""

    taken: bool
    surface: Surface | None = None
    reason: str | None = Field(default=None, description="What told the surface.")
    code: str | None = Field(default=None, description="Why it was not taken.")
    field: str | None = None
    detail: str | None = None


class ToldAllView(View):
    """What became of each activity, in their order."""

    activities: list[ToldView]


def told_view(told: Sequence[Told]) -> ToldAllView:
    """The answer about activities that were told."""
    return ToldAllView(activities=[_one(each) for each in told])


def _one(told: Told) -> ToldView:
    if isinstance(told, BellwireError):
        return ToldView(taken=False, code=told.code, field=told.field, detail=told.detail)
    return ToldView(taken=True, surface=told.surface, reason=told.reason)
