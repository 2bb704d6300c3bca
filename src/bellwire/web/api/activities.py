"""``POST /v1/activities``: a bot that exists already tells what it was sent."""

from __future__ import annotations

from fastapi import APIRouter

from bellwire.web.api.documented import refusals
from bellwire.web.api.service import Service
from bellwire.web.schemas.activity import ActivitiesBody, ToldAllView, told_view
from bellwire.web.security import KNOWN_CALLER

router = APIRouter(prefix="/v1/activities", tags=["References"], dependencies=[KNOWN_CALLER])


@router.post(
    "",
    operation_id="tell_activities",
    summary="Tell what a bot of one's own was sent",
    response_description="Where each of them came from, in their order.",
    responses=refusals(404, body=True),
)
async def take(body: ActivitiesBody, bellwire: Service) -> ToldAllView:
    """The same rules as at the bot endpoint: only the Teams chat teaches how to reach a person. Any order and any
    repetition leaves the same.
    """
    return told_view(await bellwire.telling.take(body.activities, sender=body.sender))
