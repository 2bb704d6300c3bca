"""``/v1/callbacks``: be told what happens, instead of asking."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from bellwire.web.api.documented import CALLBACK_LINKS, refusals
from bellwire.web.api.service import Service
from bellwire.web.schemas.callback import (
    CallbackBody,
    CallbackList,
    CallbackView,
    DeliveryEnded,
    NewCallbackView,
    TrialView,
    new_view,
    trial_view,
    view,
)
from bellwire.web.schemas.fields import ID
from bellwire.web.security import KNOWN_CALLER, Calling

CallbackId = Annotated[
    str,
    Path(
        alias="id",
        pattern=ID,
        description="A callback's id.",
        examples=["01932f6e-7c1a-7b3e-9d41-0f6e2c1b5a77"],
    ),
]

router = APIRouter(prefix="/v1/callbacks", tags=["Callbacks"], dependencies=[KNOWN_CALLER])
outgoing = APIRouter()


@outgoing.post(
    "{$request.body#/url}",
    operation_id="delivery_ended",
    summary="A delivery has ended",
    status_code=204,
    response_description="Taken.",
    responses={"default": {"description": "Not taken: it is sent again later."}},
)
def delivery_ended(body: DeliveryEnded) -> None:
    """What the receiver is sent. Any 2xx takes it; anything else has it sent again later, and 410 ends the callback.

    `webhook-id` is the event's id and stays the same when it is sent again; `webhook-timestamp` and
    `webhook-signature` verify it, by Standard Webhooks.
    """


@router.post(
    "",
    operation_id="add_callback",
    summary="Be told what happens",
    status_code=201,
    response_description="From now on it is told. `Location` is the address to DELETE when that shall end.",
    responses={201: CALLBACK_LINKS, **refusals(404, 409, body=True)},
    callbacks=outgoing.routes,
)
async def add(body: CallbackBody, caller: Calling, bellwire: Service, response: Response) -> NewCallbackView:
    """Every event is told at least once, in no certain order, and again for a day until the receiver takes it.

    The answer shows the secret that signs, this once. Whoever asks for the same again gets the same callback with a new
    secret, and has it told again if it was disabled.
    """
    known = await bellwire.callbacks.add(body.wanted(), caller)
    response.headers["Location"] = f"/v1/callbacks/{known.callback.id}"
    return new_view(known)


@router.get("", operation_id="list_callbacks", summary="List the callbacks", responses=refusals())
async def every(bellwire: Service) -> CallbackList:
    """Who is told what, and how that goes."""
    return CallbackList(callbacks=[view(known) for known in await bellwire.callbacks.every()])


@router.get("/{id}", operation_id="get_callback", summary="Ask how a callback fares", responses=refusals(404))
async def get(callback_id: CallbackId, bellwire: Service) -> CallbackView:
    """Whether the receiver takes what it is told, and if not, since when and what it answers."""
    return view(await bellwire.callbacks.get(callback_id))


@router.delete(
    "/{id}",
    operation_id="remove_callback",
    summary="End a callback",
    status_code=204,
    response_description="It is told nothing any more, not even what was still to be told.",
    responses=refusals(404),
)
async def remove(callback_id: CallbackId, bellwire: Service) -> None:
    """What is on its way at this moment may still arrive."""
    await bellwire.callbacks.remove(callback_id)


@router.post(
    "/{id}/secret",
    operation_id="rotate_callback_secret",
    summary="Sign with a new secret",
    responses=refusals(404),
)
async def rotate(callback_id: CallbackId, bellwire: Service) -> NewCallbackView:
    """The answer shows the new secret, this once. For a day the old one signs too."""
    return new_view(await bellwire.callbacks.rotate(callback_id))


@router.post("/{id}/test", operation_id="test_callback", summary="Try a callback", responses=refusals(404))
async def test(callback_id: CallbackId, bellwire: Service) -> TrialView:
    """Sends the receiver one event of type `callback.test` now, and says what came of it."""
    return trial_view(await bellwire.callbacks.test(callback_id))
