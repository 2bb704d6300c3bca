"""``GET /v1/senders``: as whom messages can go out."""

from __future__ import annotations

from fastapi import APIRouter

from bellwire.web.api.documented import refusals
from bellwire.web.api.service import Service
from bellwire.web.schemas.sender import SenderListView, view
from bellwire.web.security import KNOWN_CALLER

router = APIRouter(prefix="/v1/senders", tags=["Senders"], dependencies=[KNOWN_CALLER])


@router.get("", operation_id="list_senders", summary="List the senders", responses=refusals())
async def every(bellwire: Service) -> SenderListView:
    """Each sender's name and kind, and whether it stands still; no address and no secret."""
    return view(await bellwire.sender_list.every())
