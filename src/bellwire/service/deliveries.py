"""What became of messages, and the calls that stop them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bellwire.errors import Conflict, NotFound
from bellwire.model.delivery import Delivery, State
from bellwire.service.standstills import Standstills
from bellwire.store import amendments, attempts, deliveries
from bellwire.store.amendments import Amendment
from bellwire.store.attempts import Attempt
from bellwire.store.database import Database


@dataclass(frozen=True, slots=True)
class Story:
    """A delivery, every attempt at it, and every wish to change it or take it back."""

    delivery: Delivery
    attempts: Sequence[Attempt] = ()
    amendments: Sequence[Amendment] = ()


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
        """A delivery with everything that was done about it.

        Raises:
            NotFound: there is no such delivery.
        """
        return await self._database.read(lambda conn: _story(conn, delivery_id, self._clock()))

    async def page(self, wanted: Filter, *, after: str | None = None, limit: int = 50) -> list[Delivery]:
        """Deliveries, the newest first; ``after`` is the id of the last one of the page before."""
        return await self._database.read(lambda conn: _page(conn, wanted, self._clock(), after=after, limit=limit))

    async def cancel(self, delivery_id: str) -> Story:
        """Stop a delivery that is queued or waiting; one that was cancelled before stays so.

        Raises:
            NotFound: there is no such delivery.
            Conflict: it is being sent at this moment, or it is over.
        """
        return await self._database.write(lambda conn: _cancel(conn, delivery_id, self._clock()))


def story_of(conn: Connection, delivery: Delivery) -> Story:
    """Everything that was done about a delivery."""
    return Story(delivery, attempts.of(conn, delivery.id), amendments.of(conn, delivery.id))


def unknown_delivery() -> NotFound:
    """What is said of an id that no delivery has."""
    return NotFound("There is no such delivery.", field="id")


def _story(conn: Connection, delivery_id: str, now: datetime) -> Story:
    delivery = deliveries.get(conn, delivery_id)
    if delivery is None:
        raise unknown_delivery()
    return story_of(conn, Standstills(conn, now).seen_in(delivery))


def _page(conn: Connection, wanted: Filter, now: datetime, *, after: str | None, limit: int) -> list[Delivery]:
    found = deliveries.page(
        conn,
        tenants=None if wanted.tenant_id is None else [wanted.tenant_id],
        sender=wanted.sender,
        aad_object_id=wanted.aad_object_id,
        state=wanted.state,
        message_id=wanted.message_id,
        after=after,
        limit=limit,
    )
    standstills = Standstills(conn, now)
    return [standstills.seen_in(delivery) for delivery in found]


def _cancel(conn: Connection, delivery_id: str, now: datetime) -> Story:
    change = deliveries.cancel(conn, delivery_id, now)
    if change is None:
        raise unknown_delivery()
    if not change.done and change.delivery.state is not State.CANCELLED:
        raise _too_late(change.delivery.state)
    return story_of(conn, change.delivery)


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
