"""``GET /v1/books``: what became of everything."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from bellwire.web.api.documented import refusals
from bellwire.web.api.service import Service
from bellwire.web.schemas.books import BooksView, view
from bellwire.web.schemas.fields import Strict
from bellwire.web.security import KNOWN_CALLER

router = APIRouter(prefix="/v1/books", tags=["Books"], dependencies=[KNOWN_CALLER])


class BooksQuery(Strict):
    """How thoroughly."""

    audit: bool = Field(default=False, description="Count every delivery again and compare; takes its time.")


@router.get("", operation_id="read_books", summary="Read the books", responses=refusals())
async def read(query: Annotated[BooksQuery, Query()], bellwire: Service) -> BooksView:
    """How many messages were accepted, and how many ended in each way: the sum is always the same number."""
    return view(await bellwire.books.read(audit=query.audit))
