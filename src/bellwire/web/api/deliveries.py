"""``/v1/deliveries``: what became of messages, and the calls that stop, repeat, change or take them back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from bellwire.model.delivery import State
from bellwire.service.deliveries import Filter
from bellwire.web.api.documented import DELIVERY_LINKS, refusals
from bellwire.web.api.messages import answer
from bellwire.web.api.service import Service
from bellwire.web.schemas.delivery import DeliveryDetail, DeliveryPage, detail, view
from bellwire.web.schemas.fields import ID, Guid, SenderName, Strict
from bellwire.web.schemas.message import ContentBody
from bellwire.web.security import KNOWN_CALLER, Calling

DeliveryId = Annotated[
    str,
    Path(
        alias="id",
        pattern=ID,
        description="A delivery's id.",
        examples=["01932f6e-7c1a-7b3e-9d41-0f6e2c1b5a77"],
    ),
]

router = APIRouter(prefix="/v1/deliveries", tags=["Deliveries"], dependencies=[KNOWN_CALLER])


class DeliveryQuery(Strict):
    """Which deliveries; without any filter, all."""

    state: State | None = Field(default=None, description="Only those in this state.")
    sender: SenderName | None = Field(default=None, description="Only this sender's.")
    tenant_id: Guid | None = Field(default=None, description="Only to people of this tenant.")
    aad_object_id: Guid | None = Field(default=None, description="Only to this person.")
    message_id: Annotated[str, Field(pattern=ID)] | None = Field(
        default=None, description="Only those that were accepted with this message: one call to many people."
    )
    limit: int = Field(default=50, ge=1, le=1_000, description="How many at most.")
    after: Annotated[str, Field(pattern=ID)] | None = Field(default=None, description="`next` of the page before.")


@router.get("", operation_id="list_deliveries", summary="List deliveries", responses=refusals())
async def page(query: Annotated[DeliveryQuery, Query()], bellwire: Service) -> DeliveryPage:
    """The newest first, without their attempts."""
    wanted = Filter(
        state=query.state,
        sender=query.sender,
        tenant_id=query.tenant_id,
        aad_object_id=query.aad_object_id,
        message_id=query.message_id,
    )
    found = await bellwire.deliveries.page(wanted, after=query.after, limit=query.limit + 1)
    shown = found[: query.limit]
    following = shown[-1].id if len(found) > query.limit else None
    return DeliveryPage(deliveries=[view(delivery) for delivery in shown], next=following)


@router.get("/{id}", operation_id="get_delivery", summary="Ask what became of a message", responses=refusals(404))
async def get(delivery_id: DeliveryId, bellwire: Service) -> DeliveryDetail:
    """The state with its reason and remedy, every attempt, all times, and Teams' id of the message."""
    return detail(await bellwire.deliveries.get(delivery_id))


@router.post(
    "/{id}/cancel",
    operation_id="cancel_delivery",
    summary="Stop a delivery before it goes out",
    responses=refusals(404, 409),
)
async def cancel(delivery_id: DeliveryId, bellwire: Service) -> DeliveryDetail:
    """Possible while it is queued or waiting. Once it is being sent it is too late: take it back instead."""
    return detail(await bellwire.deliveries.cancel(delivery_id))


@router.post(
    "/{id}/resend",
    operation_id="resend_delivery",
    summary="Try a delivery again",
    status_code=202,
    response_description="The new delivery, of the same message to the same person.",
    responses={202: DELIVERY_LINKS, **refusals(403, 404, 409)},
)
async def resend(delivery_id: DeliveryId, caller: Calling, bellwire: Service, response: Response) -> DeliveryDetail:
    """Possible once it ended without being sent. The old delivery stays as it is; the new one names it.

    Whoever asks twice gets the delivery that was made the first time.
    """
    return answer(await bellwire.sending.resend(delivery_id, caller=caller.id), response)


@router.put(
    "/{id}/message",
    operation_id="change_message",
    summary="Change a message",
    status_code=202,
    response_description="The change is written down; in the person's chat it shows as soon as it may go out.",
    responses=refusals(404, 409, body=True),
)
async def change(body: ContentBody, delivery_id: DeliveryId, bellwire: Service) -> DeliveryDetail:
    """Before it is sent, the new text or card goes out instead; after that, it replaces what the person sees."""
    return detail(await bellwire.amending.change(delivery_id, body.content()))


@router.delete(
    "/{id}/message",
    operation_id="take_back_message",
    summary="Take a message back",
    status_code=202,
    response_description="It is written down; the message goes from the person's chat as soon as it may.",
    responses=refusals(404, 409),
)
async def take_back(delivery_id: DeliveryId, bellwire: Service) -> DeliveryDetail:
    """Removes what was sent from the person's chat; what was not sent yet is cancelled."""
    return detail(await bellwire.amending.take_back(delivery_id))
