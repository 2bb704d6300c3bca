"""One claimed delivery, change of what was sent, or repair of a chat, on its way through the worker."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bellwire.delivery.decision import Case
from bellwire.delivery.history import NEW, History
from bellwire.model.delivery import IfChatActive, IfUnreachable, OnUnknown, Priority
from bellwire.model.message import Message
from bellwire.model.outcome import Step
from bellwire.model.posting import Posting
from bellwire.model.recipient import Person
from bellwire.store.lanes import LaneKey


@dataclass(slots=True, eq=False, kw_only=True)
class Work:
    """Everything that its next attempt needs. ``attempts`` have begun so far; ``started`` is in monotonic seconds.
    ``holder`` is the worker's id under which it was claimed, at ``claimed_at``.

    ``user_id`` is the 29: id of someone who may be known from a roster only. ``chat_trace`` is the trace of the
    activity that the chat was learnt from last. A repair belongs to no delivery: then ``delivery_id`` is empty.
    """

    delivery_id: str = ""
    lane: LaneKey
    person: Person
    priority: Priority
    step: Step
    service_url: str
    attempts: int
    run_at: datetime
    holder: str
    claimed_at: datetime
    conversation_id: str | None = None
    user_id: str | None = None
    activity_id: str | None = None
    amendment_id: str | None = None
    chat_trace: str | None = None
    repair_id: str | None = None
    message: Message | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    if_unreachable: IfUnreachable = IfUnreachable.FAIL
    on_unknown: OnUnknown = OnUnknown.HOLD
    if_chat_active: IfChatActive = IfChatActive.WAIT
    by_flow: bool = False
    history: History = NEW
    started: float = 0.0
    started_at: datetime | None = None
    recent_posts: int = 0

    @property
    def key(self) -> str:
        """What the store knows it by: the amendment's or the repair's id, or else the delivery's."""
        return self.amendment_id or self.repair_id or self.delivery_id

    def posting(self) -> Posting:
        """What its next attempt asks the sender to do."""
        return Posting(
            step=self.step,
            person=self.person,
            service_url=self.service_url,
            conversation_id=self.conversation_id,
            user_id=self.user_id,
            activity_id=self.activity_id,
            recent_posts=self.recent_posts,
            message=self.message,
        )

    def case(self, started_at: datetime) -> Case:
        """What is to be decided, now that an attempt is over."""
        return Case(
            step=self.step,
            started_at=started_at,
            history=self.history,
            service_url=self.service_url,
            member=self.user_id is not None,
            repairing=self.repair_id is not None,
            if_unreachable=self.if_unreachable,
            on_unknown=self.on_unknown,
            if_chat_active=self.if_chat_active,
        )
