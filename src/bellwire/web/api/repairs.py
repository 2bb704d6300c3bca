"""``/v1/repairs``: how far the chats are that are opened without a message."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from bellwire.store.repairs import RepairState
from bellwire.web.api.documented import refusals
from bellwire.web.api.service import Service
from bellwire.web.schemas.fields import ID, SenderName, Strict
from bellwire.web.schemas.repair import RepairsPage, page_view
from bellwire.web.security import KNOWN_CALLER

router = APIRouter(prefix="/v1/repairs", tags=["References"], dependencies=[KNOWN_CALLER])


class RepairsQuery(Strict):
    """Which repairs are listed."""

    sender: SenderName | None = Field(default=None, description="Only this sender's.")
    state: RepairState | None = Field(default=None, description="Only those in this state; the books count all.")
    limit: int = Field(default=200, ge=1, le=1000, description="How many at most.")
    after: str | None = Field(default=None, pattern=ID, description="`next` of the page before.")


@router.get("", operation_id="list_repairs", summary="See how far the repairs are", responses=refusals(404))
async def page(query: Annotated[RepairsQuery, Query()], bellwire: Service) -> RepairsPage:
    """`POST /v1/references` with `repair` asks for them. Nothing is ever posted: Teams makes, or returns, the person's
    chat with the bot, or says why not.
    """
    report = await bellwire.repairing.report(
        sender=query.sender, state=query.state, after=query.after, limit=query.limit + 1
    )
    return page_view(report, query.limit)
