"""People of the simulated Teams whom the service knows already, without a request for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection

from bellwire.model.recipient import Person
from bellwire.model.reference import ConversationReference, Source
from bellwire.model.surface import Surface
from bellwire.simulator.actor import Actor
from bellwire.store import references, sightings

LONG_AGO: Final = datetime(2026, 1, 1, tzinfo=UTC)
SENDER: Final = "alerts"


def person_of(actor: Actor) -> Person:
    """Who this is to the service."""
    return Person(SENDER, actor.tenant_id, actor.aad_object_id)


def installed_long_ago(conn: Connection, actors: Sequence[Actor]) -> None:
    """Each of them has a chat with the bot, and the service knows it."""
    references.put_many(conn, [_reference(actor) for actor in actors])


def seen_in_copilot(conn: Connection, actors: Sequence[Actor]) -> None:
    """Each of them used the agent in Copilot, and has no chat with the bot that the service would know."""
    for actor in actors:
        actor.presence.acquired = True
        actor.chat("copilot")
        sightings.record(
            conn, person_of(actor), Surface.COPILOT, at=LONG_AGO, service_url=actor.service_url, user_id=actor.user_id
        )


def _reference(actor: Actor) -> ConversationReference:
    return ConversationReference(
        person=person_of(actor),
        conversation_id=actor.chat().id,
        service_url=actor.service_url,
        user_id=actor.user_id,
        source=Source.INSTALL,
        created_at=LONG_AGO,
        seen_at=LONG_AGO,
        installed_at=LONG_AGO,
    )
