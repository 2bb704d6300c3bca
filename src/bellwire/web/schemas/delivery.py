"""What became of a message: the answer about a delivery."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from bellwire.model.delivery import Delivery, IfChatActive, IfUnreachable, OnUnknown, State
from bellwire.model.outcome import Step
from bellwire.model.reason import Mover, Reason
from bellwire.model.shown import explained, shown
from bellwire.service.deliveries import Story
from bellwire.store.amendments import Amendment, Progress
from bellwire.store.attempts import Attempt
from bellwire.web.schemas.fields import View
from bellwire.web.schemas.message import PriorityName


class PersonKey(View):
    """A person of a tenant."""

    tenant_id: str
    aad_object_id: str


class AttemptView(View):
    """One request to Teams."""

    number: int = Field(description="Counts from 1.")
    step: Step = Field(description="Whether the chat was opened, or the message posted into it.")
    started_at: datetime
    finished_at: datetime | None = None
    outcome: str | None = Field(default=None, description="None while it is under way.")
    status: int | None = Field(default=None, description="Teams' HTTP status, if there was an answer.")
    code: str | None = Field(default=None, description="Teams' error code.")
    retry_at: datetime | None = Field(
        default=None, description="Until when nothing is tried again: a next attempt, if there is one, is due then."
    )


class AmendmentView(View):
    """One wish to change what was sent, or to take it back."""

    step: Step
    progress: Progress = Field(description="`superseded`: a newer wish took its place.")
    accepted_at: datetime
    finished_at: datetime | None = None
    reason: Reason | None = Field(default=None, description="Why it failed.")
    fact: str | None = None
    remedy: str | None = None
    whose_move: Mover | None = None


class DeliveryView(View):
    """Where one message to one person stands."""

    id: str = Field(examples=["01932f6e-7c1a-7b3e-9d41-0f6e2c1b5a77"])
    state: State = Field(description="`sent` means that Teams took it and returned an activity id.")
    final: bool = Field(description="Whether nothing more happens by itself.")
    reason: Reason | None = Field(default=None, description="Why it did not end well, or what it waits for.")
    fact: str | None = Field(default=None, description="The reason in words.")
    remedy: str | None = Field(default=None, description="What to do about it.")
    whose_move: Mover | None = Field(default=None, description="Whose move it is.")
    sender: str
    to: dict[str, str] = Field(
        description="The person as the caller named them.",
        examples=[{"aad_object_id": "5d0e1f9c-2b6a-4a53-9f0e-7b1c3c1d2e4f"}],
    )
    person: PersonKey
    message_id: str = Field(description="Shared by all deliveries of one message.")
    priority: PriorityName
    if_unreachable: IfUnreachable
    on_unknown: OnUnknown
    if_chat_active: IfChatActive
    reference: str | None = Field(default=None, description="The caller's own words for it.")
    accepted_at: datetime
    run_at: datetime | None = Field(default=None, description="When it may go out next; none once it is final.")
    expires_at: datetime | None = None
    finished_at: datetime | None = None
    attempt_count: int
    conversation_id: str | None = Field(default=None, description="The Teams chat that it went to.")
    activity_id: str | None = Field(default=None, description="Teams' id of the message.")
    resend_of: str | None = Field(default=None, description="The delivery that this one tries again.")
    changed_at: datetime | None = Field(default=None, description="When what was sent was last changed.")
    taken_back_at: datetime | None = Field(default=None, description="When what was sent was taken back.")


class DeliveryDetail(DeliveryView):
    """A delivery with every attempt, and every wish to change it."""

    attempts: list[AttemptView]
    amendments: list[AmendmentView] = Field(description="Changes and withdrawals, the first one first.")


class DeliveryPage(View):
    """Deliveries, the newest first."""

    deliveries: list[DeliveryView]
    next: str | None = Field(default=None, description="Pass it as `after` for the next page; none at the end.")


def view(delivery: Delivery) -> DeliveryView:
    """The answer about a delivery."""
    return DeliveryView(**shown(delivery))


def detail(story: Story) -> DeliveryDetail:
    """The answer about a delivery with everything that was done about it."""
    return DeliveryDetail(
        **shown(story.delivery),
        attempts=[_attempt(attempt) for attempt in story.attempts],
        amendments=[_amendment(amendment) for amendment in story.amendments],
    )


def _attempt(attempt: Attempt) -> AttemptView:
    return AttemptView.model_validate(attempt, from_attributes=True)


def _amendment(amendment: Amendment) -> AmendmentView:
    return AmendmentView(
        step=amendment.step,
        progress=amendment.progress,
        accepted_at=amendment.accepted_at,
        finished_at=amendment.finished_at,
        **explained(amendment.reason),
    )
