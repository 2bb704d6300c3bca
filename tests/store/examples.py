"""Rows to test with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, update

from bellwire.model.delivery import Delivery, Priority, State
from bellwire.model.ids import uuid7
from bellwire.model.message import Message
from bellwire.model.reason import Reason
from bellwire.model.recipient import Person, Recipient, RecipientKind
from bellwire.model.reference import ConversationReference, Source
from bellwire.store import books, deliveries
from bellwire.store import tables as t
from bellwire.store.database import Database
from bellwire.store.deliveries import NewDelivery

T = TypeVar("T")

NOW: Final = datetime(2026, 3, 2, 9, 30, 0, 123456, tzinfo=UTC)
LATER: Final = NOW + timedelta(minutes=5)
TENANT: Final = "72f988bf-86f1-41af-91ab-2d7cd011db47"
OTHER_TENANT: Final = "0f0e0d0c-86f1-41af-91ab-2d7cd011db47"
ANNA: Final = Person("alerts", TENANT, "a0000000-0000-4000-8000-00000000000a")
BERT: Final = Person("alerts", TENANT, "b0000000-0000-4000-8000-00000000000b")
CLEO: Final = Person("alerts", OTHER_TENANT, "c0000000-0000-4000-8000-00000000000c")
HELLO: Final = Message(id="01954c6e-0000-7000-8000-000000000001", text="Hello")

_numbers = count()


def new_id() -> str:
    """An id; later ones sort after earlier ones."""
    return uuid7(NOW + timedelta(milliseconds=next(_numbers)), 0)


def a_delivery(person: Person = ANNA, **fields: Any) -> NewDelivery:
    """A delivery that is queued; ``fields`` say what is different."""
    delivery = Delivery(
        id=new_id(),
        message_id="",
        person=person,
        recipient=Recipient(RecipientKind.AAD_OBJECT_ID, person.aad_object_id),
        state=State.QUEUED,
        priority=Priority.NORMAL,
        run_at=NOW,
        accepted_at=NOW,
    )
    message = Message(id=new_id(), text="Hello")
    return NewDelivery(delivery=replace(delivery, **{"message_id": message.id, **fields}), message=message)


async def accepted(database: Database, *new: NewDelivery) -> list[Delivery]:
    """The deliveries, accepted."""
    return await database.write(lambda conn: deliveries.accept(conn, new))


def ending(delivery: Delivery, state: State) -> Callable[[Connection], None]:
    """An operation that ends the delivery, as the worker would."""
    fields: dict[str, Any] = {"state": state, "finished_at": LATER}
    if state is State.SENT:
        fields["activity_id"] = "1:activity"
    else:
        fields["reason"] = Reason.ANSWER_LOST

    def end(conn: Connection) -> None:
        conn.execute(update(t.deliveries).where(t.deliveries.c.id == delivery.id), fields)
        books.move(conn, delivery.person.sender, delivery.person.tenant_id, state)

    return end


def a_reference(person: Person = ANNA, **fields: Any) -> ConversationReference:
    """A reference; ``fields`` say what is different."""
    plain = ConversationReference(
        person=person,
        conversation_id="a:1",
        service_url="https://smba.trafficmanager.net/emea/",
        source=Source.INSTALL,
        created_at=NOW,
        seen_at=NOW,
        installed_at=NOW,
    )
    return replace(plain, **fields)
