"""``/v1/people``: who can be reached, by which sender, and if not why and what to do."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from bellwire.model.recipient import Recipient, RecipientKind
from bellwire.model.reference import ReachState
from bellwire.model.surface import Surface
from bellwire.service.people import PeopleFilter
from bellwire.web.api.documented import refusals
from bellwire.web.api.service import Service
from bellwire.web.schemas.check import CheckBody, CheckView
from bellwire.web.schemas.check import view as check_view
from bellwire.web.schemas.fields import CURSOR, Address, Guid, SenderName, Strict
from bellwire.web.schemas.person import PeoplePage, PersonView, view
from bellwire.web.security import KNOWN_CALLER

Cursor = Annotated[str, Field(pattern=CURSOR)]

router = APIRouter(prefix="/v1/people", tags=["People"], dependencies=[KNOWN_CALLER])


class PeopleQuery(Strict):
    """Which people; without any filter, all that were ever seen."""

    sender: SenderName | None = Field(default=None, description="Only those that this sender knows.")
    state: ReachState | None = Field(default=None, description="Only those whose Teams chat is in this state.")
    surface: Surface | None = Field(default=None, description="Only those that were seen there.")
    aad_object_id: Guid | None = Field(default=None, description="Only this person, in whichever tenants.")
    limit: int = Field(default=50, ge=1, le=200, description="How many at most.")
    after: Cursor | None = Field(default=None, description="`next` of the page before.")


@router.get("", operation_id="list_people", summary="List the people that are known", responses=refusals())
async def page(query: Annotated[PeopleQuery, Query()], bellwire: Service) -> PeoplePage:
    """Everybody who was ever seen, with what each sender knows of them."""
    wanted = PeopleFilter(
        sender=query.sender, state=query.state, surface=query.surface, aad_object_id=query.aad_object_id
    )
    found = await bellwire.people.page(wanted, after=place(query.after), limit=query.limit + 1)
    shown = [view(person) for person in found[: query.limit]]
    following = f"{shown[-1].tenant_id}~{shown[-1].aad_object_id}" if len(found) > query.limit else None
    return PeoplePage(people=shown, next=following)


@router.post(
    "/check",
    operation_id="check_people",
    summary="Ask whether many people can be reached",
    responses=refusals(403, 404, 409, body=True),
)
async def check(body: CheckBody, bellwire: Service) -> CheckView:
    """At most 10,000 people in one call; nothing is sent and nothing is written."""
    found = await bellwire.checking.check(body.to, sender=body.sender, tenant_id=body.tenant_id)
    return check_view(found)


class NameQuery(Strict):
    """Who is asked about, and where the name is looked up."""

    name: Address = Field(description="An e-mail address, or the user principal name, such as adele@contoso.example.")
    sender: SenderName | None = Field(default=None, description="Only by this sender; all of them if left out.")
    tenant_id: Guid | None = Field(default=None, description="The person's tenant; the sender's own if left out.")


@router.get(
    "/find",
    operation_id="find_person",
    summary="Ask whether a person can be reached, by their name",
    responses=refusals(403, 404, 409),
)
async def find(query: Annotated[NameQuery, Query()], bellwire: Service) -> PersonView:
    """The directory is asked who it is, if it was not lately. Somebody whom no sender has seen is told as `never_seen`;
    a name that stands for nobody whom a bot could write to is refused with the reason.
    """
    name = Recipient(RecipientKind.EMAIL, query.name, query.tenant_id)
    return view(await bellwire.people.named(name, query.sender))


@router.get(
    "/{tenant_id}/{aad_object_id}",
    operation_id="get_person",
    summary="Ask whether a person can be reached",
    responses=refusals(403, 404),
)
async def get(
    tenant_id: Annotated[Guid, Path(description="The person's tenant.")],
    aad_object_id: Annotated[Guid, Path(description="The person's Entra object id.")],
    bellwire: Service,
) -> PersonView:
    """By which sender and which way; and if not, why not, what to do about it, and whose move it is."""
    return view(await bellwire.people.get(tenant_id, aad_object_id))


def place(cursor: str | None) -> tuple[str, str] | None:
    """The tenant and the object id in a cursor."""
    if cursor is None:
        return None
    tenant_id, _, aad_object_id = cursor.lower().partition("~")
    return tenant_id, aad_object_id
