"""The people of the bench: as many as wanted, each with a chat whose id is as long as a real one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from bellwire.model.recipient import Person
from bellwire.model.reference import ConversationReference, Source

TENANT: Final = "11111111-1111-4111-8111-111111111111"
APP_ID: Final = "22222222-2222-4222-8222-222222222222"
SENDER: Final = "bench"
TEXT: Final = "Your expense report 4711 was approved. You will be paid on Friday."
LONG_AGO: Final = datetime(2026, 1, 1, tzinfo=UTC)


def object_id(number: int) -> str:
    """One person's Entra object id."""
    return f"33333333-3333-4333-8333-{number:012x}"


def conversation_id(number: int) -> str:
    """The id of their chat; the contenders' own files say the same."""
    return f"a:{number:06d}" + "x" * 125


def tenant_id(number: int) -> str:
    """One tenant's id; the first is the bot's own."""
    return f"{TENANT[:-3]}{number:03x}" if number else TENANT


def references(count: int, service_url: str, tenants: int = 1) -> Iterator[ConversationReference]:
    """Everybody's reference, at a service URL for all; one tenant's people after the other's."""
    for number in range(count):
        yield reference(
            tenant_id(number * tenants // count),
            [object_id(number), conversation_id(number), service_url, f"29:{number}"],
        )


def reference(tenant_id: str, told: list[str]) -> ConversationReference:
    """One reference from object id, conversation id, service URL and 29: id."""
    aad_object_id, chat, service_url, user_id = told
    return ConversationReference(
        person=Person(SENDER, tenant_id, aad_object_id),
        conversation_id=chat,
        service_url=service_url,
        user_id=user_id,
        source=Source.INSTALL,
        created_at=LONG_AGO,
        seen_at=LONG_AGO,
        installed_at=LONG_AGO,
    )
