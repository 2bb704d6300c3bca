"""Changes what a delivery says, or takes it back: at once before it goes out, through the worker afterwards."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection

from bellwire.errors import Conflict
from bellwire.model.delivery import State
from bellwire.model.message import Message
from bellwire.service.command import Content, check_content
from bellwire.service.deliveries import Story, story_of, unknown_delivery
from bellwire.service.send import new_id
from bellwire.store import amendments
from bellwire.store.amendments import Answer, Refusal
from bellwire.store.database import Database
from bellwire.tracing import carried

REFUSALS: Final = {
    Refusal.BEING_SENT: ("The delivery is being sent at this moment.", "Ask again in a moment."),
    Refusal.NEVER_SENT: ("The delivery ended without being sent.", "Send a new message."),
    Refusal.TAKEN_BACK: ("The message was taken back.", "Send a new message."),
}


class Amending:
    """Changes and withdrawals. ``flows`` are the senders that can do neither; ``clock`` tells the time in UTC."""

    def __init__(self, database: Database, clock: Callable[[], datetime], flows: Collection[str] = ()) -> None:
        self._database = database
        self._clock = clock
        self._flows = flows

    async def change(self, delivery_id: str, content: Content) -> Story:
        """Have a delivery say something else. What was sent is replaced in the person's chat by the worker.

        Raises:
            InvalidInput: the content cannot be shown; the field is named.
            NotFound: there is no such delivery.
            Conflict: it is being sent at this moment, ended without being sent, or was taken back.
        """
        check_content(content)
        now = self._clock()
        message = Message(new_id(now), content.text, content.card, content.summary, carried())
        return await self._database.write(
            partial(_change, delivery_id=delivery_id, message=message, now=now, flows=self._flows)
        )

    async def take_back(self, delivery_id: str) -> Story:
        """Have a delivery say nothing: cancelled before it goes out, removed from the person's chat afterwards.

        Raises:
            NotFound: there is no such delivery.
            Conflict: it is being sent at this moment, or ended without being sent.
        """
        return await self._database.write(
            partial(_take_back, delivery_id=delivery_id, now=self._clock(), flows=self._flows)
        )


def _change(conn: Connection, *, delivery_id: str, message: Message, now: datetime, flows: Collection[str]) -> Story:
    return _answered(conn, amendments.change(conn, delivery_id, message, new_id=new_id(now), now=now), flows)


def _take_back(conn: Connection, *, delivery_id: str, now: datetime, flows: Collection[str]) -> Story:
    return _answered(conn, amendments.take_back(conn, delivery_id, new_id=new_id(now), now=now), flows)


def _answered(conn: Connection, answer: Answer | None, flows: Collection[str]) -> Story:
    if answer is None:
        raise unknown_delivery()
    if answer.refusal is not None:
        fact, remedy = REFUSALS[answer.refusal]
        raise Conflict(fact, code=answer.refusal, field="id", remedy=remedy)  # what was written goes with it
    if answer.delivery.state is State.SENT and answer.delivery.person.sender in flows:
        raise Conflict(
            "A flow posted the message, and flows change and remove nothing.",
            code="sent_by_flow",
            field="id",
            remedy="Send a new message that corrects it.",
        )  # what was written goes with it
    return story_of(conn, answer.delivery)
