"""``/v1/references``: take in what other bots kept, and give out what is known."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from bellwire.web.api.documented import refusals
from bellwire.web.api.people import Cursor, place
from bellwire.web.api.service import Service
from bellwire.web.schemas.fields import SenderName, Strict
from bellwire.web.schemas.reference import ExportPage, FindingsView, ReferencesBody, exported_view, findings_view
from bellwire.web.security import KNOWN_CALLER

router = APIRouter(prefix="/v1/references", tags=["References"], dependencies=[KNOWN_CALLER])


class ExportQuery(Strict):
    """Whose references."""

    sender: SenderName | None = Field(default=None, description="Only what this sender knows.")
    limit: int = Field(default=200, ge=1, le=500, description="How many people at most.")
    after: Cursor | None = Field(default=None, description="`next` of the page before.")


@router.post(
    "",
    operation_id="tell_references",
    summary="Take in conversation references that another bot kept",
    response_description="What became of each of them, in their order.",
    responses=refusals(403, 404, body=True),
)
async def take(body: ReferencesBody, bellwire: Service) -> FindingsView:
    """Teams chats become references. Whoever was met in Copilot is kept as someone whose chat can be opened; nobody
    is ever written to in a group, a channel or Copilot. Telling the same again changes nothing, and what is told
    without a time never replaces what is known.
    """
    return findings_view(await bellwire.importing.take(body.command()))


@router.get("", operation_id="list_references", summary="Give out all references", responses=refusals(404))
async def page(query: Annotated[ExportQuery, Query()], bellwire: Service) -> ExportPage:
    """Everything that is known of everybody's Teams chat, in the form that `POST` takes in without loss."""
    rows, last = await bellwire.exporting.page(sender=query.sender, after=place(query.after), limit=query.limit)
    following = "~".join(last) if last is not None else None
    return ExportPage(references=[exported_view(row) for row in rows], next=following)
