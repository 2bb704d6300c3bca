"""``POST /v1/messages`` and ``/v1/messages/bulk``: have a message sent to one person, or to many."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Header, Response
from pydantic import StringConstraints

from bellwire.service.acceptance import Accepted
from bellwire.service.deliveries import Story
from bellwire.web.api.documented import BULK_LINKS, DELIVERY_LINKS, refusals
from bellwire.web.api.service import Service
from bellwire.web.schemas.bulk import BulkBody, BulkView, view
from bellwire.web.schemas.delivery import DeliveryDetail, detail
from bellwire.web.schemas.fields import IDEMPOTENCY_KEY
from bellwire.web.schemas.message import CardBody, SendBody
from bellwire.web.security import Calling

REPLAYED: Final = "Idempotency-Replayed"

IdempotencyKey = Annotated[
    Annotated[str, StringConstraints(pattern=IDEMPOTENCY_KEY, max_length=255)] | None,
    Header(
        alias="Idempotency-Key",
        description="Any text of the caller's own. The same key with the same body is done once and answered the same "
        "for 24 hours, so that a request whose answer was lost can be repeated.",
    ),
]

router = APIRouter(prefix="/v1/messages", tags=["Messages"])


@router.post(
    "",
    operation_id="send_message",
    summary="Send a message to one person",
    status_code=202,
    response_description="It is written down and goes out as soon as it may. `Location` says where to ask about it.",
    responses={202: DELIVERY_LINKS, **refusals(403, 404, 409, body=True)},
)
async def send(
    body: SendBody, caller: Calling, bellwire: Service, response: Response, idempotency_key: IdempotencyKey = None
) -> DeliveryDetail:
    """The message goes to the person's own Teams chat with the bot, and nowhere else.

    Whoever cannot be reached is refused with the reason and what to do about it; with `if_unreachable: wait` the
    message is kept, and goes out when the person can be reached.
    """
    accepted = await bellwire.sending.accept(body.command(), caller=caller.id, idempotency_key=idempotency_key)
    return answer(accepted, response)


@router.post(
    "/card",
    operation_id="send_card",
    summary="Send an Adaptive Card to one person",
    status_code=202,
    response_description="It is written down and goes out as soon as it may. `Location` says where to ask about it.",
    responses={202: DELIVERY_LINKS, **refusals(403, 404, 409, body=True)},
)
async def send_card(
    body: CardBody, caller: Calling, bellwire: Service, response: Response, idempotency_key: IdempotencyKey = None
) -> DeliveryDetail:
    """The same as `POST /v1/messages` with a card, for tools in which a call has one shape."""
    return await send(body, caller, bellwire, response, idempotency_key)


@router.post(
    "/bulk",
    operation_id="send_message_to_many",
    summary="Send one message to many people",
    status_code=202,
    response_description="A delivery is written down for everybody who can be reached; the others are listed.",
    responses={202: BULK_LINKS, **refusals(403, 404, 409, body=True)},
)
async def send_to_many(
    body: BulkBody, caller: Calling, bellwire: Service, response: Response, idempotency_key: IdempotencyKey = None
) -> BulkView:
    """At most 100,000 people in one call, all in one transaction: after an error nothing was accepted.

    The message is stored once. Every person's delivery is like any other: it can be asked about, cancelled, changed.
    """
    accepted = await bellwire.bulk.accept(body.command(), caller=caller.id, idempotency_key=idempotency_key)
    if accepted.replayed:
        response.headers[REPLAYED] = "true"
    return view(accepted)


def answer(accepted: Accepted, response: Response) -> DeliveryDetail:
    """The answer to a request that made a delivery, the first time or again."""
    response.headers["Location"] = f"/v1/deliveries/{accepted.delivery.id}"
    if accepted.replayed:
        response.headers[REPLAYED] = "true"
    return detail(Story(accepted.delivery))
