"""What became of messages, and the calls that stop them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bellwire.errors import Conflict, NotFound
from bellwire.model.delivery import Delivery, State
from bellwire.store import attempts, deliveries
from bellwire.store.attempts import Attempt
from bellwire.store.database import Database

Story = tuple[Delivery, list[Attempt]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which deliveries; what is none does not matter."""

    state: State | None = None
    sender: str | None = None
    tenant_id: str | None = None
    aad_object_id: str | None = None
    message_id: str | None = None


class Deliveries:
    """Reads and stops deliveries. ``clock`` tells the time in UTC."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def get(self, delivery_id: str) -> Story:
        """A delivery with every attempt at it.

        Raises:
            NotFound: there is no such delivery.
        """
        found = await self._database.read(lambda conn: deliveries.get_with_attempts(conn, delivery_id))
        if found is None:
            raise _unknown()
        return found

    async def page(self, wanted: Filter, *, after: str | None = None, limit: int = 50) -> list[Delivery]:
        """Deliveries, the newest first; ``after`` is the id of the last one of the page before."""
        return await self._database.read(
            lambda conn: deliveries.page(
                conn,
                tenants=None if wanted.tenant_id is None else [wanted.tenant_id],
                sender=wanted.sender,
                aad_object_id=wanted.aad_object_id,
                state=wanted.state,
                message_id=wanted.message_id,
                after=after,
                limit=limit,
            )
        )

    async def cancel(self, delivery_id: str) -> Story:
        """Stop a delivery that is queued or waiting; one that was cancelled before stays so.

        Raises:
            NotFound: there is no such delivery.
            Conflict: it is being sent at this moment, or it is over.
        """
        return await self._database.write(lambda conn: _cancel(conn, delivery_id, self._clock()))


def _cancel(conn: Connection, delivery_id: str, now: datetime) -> Story:
    change = deliveries.cancel(conn, delivery_id, now)
    if change is None:
        raise _unknown()
    if not change.done and change.delivery.state is not State.CANCELLED:
        raise _too_late(change.delivery.state)
    return change.delivery, attempts.of(conn, delivery_id)


def _unknown() -> NotFound:
    return NotFound("There is no such delivery.", field="id")


def _too_late(state: State) -> Conflict:
    if state is State.SENDING:
        return Conflict(
            "The delivery is being sent at this moment.",
            code="being_sent",
            remedy="Ask again in a moment; once it is sent it can be taken back.",
        )
    return Conflict(
        f"The delivery is over: it is {state}.",
        code="already_final",
        remedy="Take the message back if it was sent; otherwise nothing is left to do.",
    )
