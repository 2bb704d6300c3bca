"""Callbacks: what callers ask to be told, how that goes, and what they are told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, StringConstraints

from bellwire.callbacks.post import Receipt
from bellwire.model.address import MOST_URL, place
from bellwire.model.callback import Event, Health, Reply
from bellwire.service.callbacks import Known, Wanted
from bellwire.web.schemas.delivery import DeliveryView
from bellwire.web.schemas.fields import Reference, SenderName, Strict, View

_LABEL: Final = "[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
_USUAL: Final = rf"^https://{_LABEL}(\.{_LABEL}){{1,2}}(/[A-Za-z0-9/_~.?=&-]*)?$"
"""What is said of addresses; a few others are taken too, such as an IP address or a host that the operator allows."""

Url = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MOST_URL),
    Field(
        json_schema_extra={"format": "uri", "pattern": _USUAL},
        examples=["https://receiver.contoso.example/bellwire"],
    ),
]


class CallbackBody(Strict):
    """Where to tell what happens. Nothing is told of what the filters leave out."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"url": "https://receiver.contoso.example/bellwire"}]})

    url: Url = Field(
        description="The receiver's address: https, and public unless the operator allows its host. It may hold a "
        "secret, so no answer shows more of it than the host."
    )
    events: list[Event] = Field(default=[Event.DELIVERY_ENDED], min_length=1, description="What to be told.")
    sender: SenderName | None = Field(default=None, description="Only what this sender sends.")
    reference: Reference | None = Field(default=None, description="Only what was sent with this reference.")
    mine: bool = Field(default=False, description="Only what was sent with the key that asks for this.")

    def wanted(self) -> Wanted:
        """What the caller asks for."""
        return Wanted(url=self.url, events=self.events, sender=self.sender, reference=self.reference, mine=self.mine)


class CallbackView(View):
    """A callback, and how it fares."""

    id: str = Field(examples=["01932f6e-7c1a-7b3e-9d41-0f6e2c1b5a77"])
    host: str = Field(description="The receiver's host and port.", examples=["receiver.contoso.example:443"])
    events: list[Event]
    sender: str | None = None
    reference: str | None = None
    mine: bool
    created_at: datetime
    health: Health = Field(description="`failing`: tried ever more seldom. `disabled`: told nothing any more.")
    waiting: int = Field(description="Events that are still to be told.")
    given_up: int = Field(description="Events of the last week that the receiver never took.")
    succeeded_at: datetime | None = Field(default=None, description="When the receiver last took an event.")
    failing_since: datetime | None = None
    failed_with: str | None = Field(
        default=None,
        description="What the last try met: `http_` and the receiver's status, or why there was no answer.",
        examples=["http_500", "connect_failed", "answer_timeout", "address_not_public"],
    )
    paused_until: datetime | None = Field(default=None, description="Until when nothing is tried.")
    disabled_at: datetime | None = None


class NewCallbackView(CallbackView):
    """A callback with its secret, which is shown this once."""

    secret: str = Field(description="Verifies what is told, by Standard Webhooks.", examples=["whsec_MfKQ9r8G..."])


class CallbackList(View):
    """All callbacks, the oldest first."""

    callbacks: list[CallbackView]


class TrialView(View):
    """What came of a trial."""

    reply: Reply
    answer: str = Field(
        description="`http_` and the receiver's status, or why there was no answer.", examples=["http_204"]
    )


class DeliveryEnded(View):
    """What a receiver is told when a delivery ends."""

    type: Literal["delivery.ended"]
    timestamp: datetime = Field(description="When it ended.")
    data: DeliveryView = Field(description="The delivery as it was then.")


def view(known: Known) -> CallbackView:
    """The answer about a callback."""
    return CallbackView(**_fields(known))


def new_view(known: Known) -> NewCallbackView:
    """The one answer that shows the secret."""
    return NewCallbackView(**_fields(known), secret=known.callback.secret)


def trial_view(receipt: Receipt) -> TrialView:
    """The answer about a trial."""
    return TrialView(reply=receipt.reply, answer=receipt.word)


def _fields(known: Known) -> dict[str, object]:
    one = known.callback
    return {
        "id": one.id,
        "host": place(one.url),
        "events": one.events,
        "sender": one.only_sender,
        "reference": one.only_reference,
        "mine": one.only_key_id is not None,
        "created_at": one.created_at,
        "health": one.health,
        "waiting": known.backlog.waiting,
        "given_up": known.backlog.given_up,
        "succeeded_at": one.succeeded_at,
        "failing_since": one.failing_since,
        "failed_with": one.failed_with,
        "paused_until": one.paused_until,
        "disabled_at": one.disabled_at,
    }
