"""People in every state of reach, put into a store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection, update

from bellwire.model.delivery import State
from bellwire.model.recipient import Person, Recipient, RecipientKind
from bellwire.model.reference import ConversationReference, Source
from bellwire.model.surface import Surface
from bellwire.service.command import Content, SendCommand, Terms
from bellwire.service.send import Sending
from bellwire.service.senders import Senders
from bellwire.service.who import Who
from bellwire.store import references, sightings, tables
from bellwire.store.database import Database

NOW: Final = datetime(2026, 11, 22, 9, tzinfo=UTC)
TENANT: Final = "11111111-1111-4111-8111-111111111111"
OTHER_TENANT: Final = "33333333-3333-4333-8333-333333333333"
ALERTS: Final = "alerts"
CALLER: Final = "key-1"

SENDERS: Final = Senders(own_tenants={ALERTS: TENANT}, default=None, allowed_tenants=frozenset({TENANT, OTHER_TENANT}))


class Story:
    """Puts people into one database, and sends to them at a time that stands still until it is moved."""

    def __init__(self, database: Database, senders: Senders = SENDERS) -> None:
        self.database = database
        self.now = NOW
        self.who = Who(database, senders, {}, lambda: self.now)
        self.sending = Sending(database, senders, self.who, lambda: self.now)

    def passes(self, **time: float) -> None:
        """Time goes on."""
        self.now += timedelta(**time)

    async def someone(self, **facts: Any) -> Person:
        """A person with a Teams chat; ``facts`` change what is known of it."""
        person = unknown()
        chat = ConversationReference(
            person=person,
            conversation_id=f"a:{person.aad_object_id}",
            service_url="https://smba.trafficmanager.net/emea/",
            source=Source.INSTALL,
            created_at=NOW,
            seen_at=NOW,
            installed_at=NOW,
        )
        await self.database.write(lambda conn: references.put(conn, replace(chat, **facts)))
        return person

    async def leaves(self, person: Person) -> None:
        """The person uninstalls the app."""
        reference = await self.database.read(lambda conn: references.get(conn, person))
        assert reference is not None
        self.passes(seconds=1)
        gone = replace(reference, removed_at=self.now)
        await self.database.write(lambda conn: references.put(conn, gone))

    async def sent(self, delivery_id: str) -> str:
        """The worker sent it."""
        end = {"state": State.SENT, "activity_id": "1", "conversation_id": "a:1", "finished_at": self.now}
        sent = update(tables.deliveries).where(tables.deliveries.c.id == delivery_id).values(**end)
        await self.database.write(lambda conn: conn.execute(sent).rowcount)
        return delivery_id

    async def seen(self, *surfaces: Surface) -> Person:
        """A person without a Teams chat, seen on these surfaces."""
        person = unknown()
        for surface in surfaces:
            await self.database.write(partial(_record, person=person, surface=surface))
        return person


def _record(conn: Connection, *, person: Person, surface: Surface) -> None:
    sightings.record(conn, person, surface, at=NOW)


def unknown() -> Person:
    """Somebody nobody has ever seen."""
    return Person(ALERTS, TENANT, str(uuid4()))


def to(person: Person, **terms: Any) -> SendCommand:
    """A text to a person."""
    return SendCommand(
        to=Recipient(RecipientKind.AAD_OBJECT_ID, person.aad_object_id),
        content=Content(text="The build is green again."),
        terms=Terms(**terms),
    )
