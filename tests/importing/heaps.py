"""What other bots leave behind, in the shapes in which they really write it, and the use cases that take it in."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, Table, delete

from bellwire.model.finding import Finding
from bellwire.model.recipient import Person
from bellwire.model.reference import ConversationReference
from bellwire.model.surface import Surface
from bellwire.service.capture import Capture
from bellwire.service.exporting import Exporting
from bellwire.service.importing import ImportCommand, Importing
from bellwire.service.senders import Senders
from bellwire.service.who import Who
from bellwire.store import references, sightings, tables
from bellwire.store.database import Database
from bellwire.teams.clouds import CLOUDS
from tests.support.activities import APP_ID, BOT_ID, COPILOT_CHAT, MEGAN, SERVICE_URL, START, TEAMS_CHAT, TENANT, Json

NOW: Final = START + timedelta(days=30)
PERSON: Final = Person("alerts", TENANT, MEGAN)
SENDERS: Final = Senders(own_tenants={"alerts": TENANT}, default=None, allowed_tenants=frozenset({TENANT}))


class Taking:
    """One sender, one allowed tenant, a clock that stands still."""

    def __init__(self, database: Database) -> None:
        self.database = database
        app_ids = {"alerts": APP_ID}
        who = Who(database, SENDERS, {}, lambda: NOW)
        self.importing = Importing(database, SENDERS, app_ids, CLOUDS["public"], who, lambda: NOW)
        self.exporting = Exporting(database, SENDERS)
        self.capture = Capture(database, {APP_ID: "alerts"}, frozenset({TENANT}), lambda: NOW)

    async def take(self, *entries: object, **options: Any) -> list[Finding]:
        """What becomes of these entries."""
        return await self.importing.take(ImportCommand(entries=entries, **options))

    async def why(self, *entries: object, **options: Any) -> list[str]:
        """Why they have their verdicts."""
        return [finding.why.value for finding in await self.take(*entries, **options)]

    async def reference(self) -> ConversationReference | None:
        """Megan's."""
        return await self.database.read(lambda conn: references.get(conn, PERSON))

    async def seen(self) -> set[Surface]:
        """Where Megan was seen."""
        return {each.surface for each in await self.database.read(lambda conn: sightings.of(conn, TENANT, MEGAN))}

    async def forget_everything(self) -> None:
        """As in another, empty database."""
        for table in (tables.conversation_references, tables.sightings):
            await self.database.write(partial(_empty, table=table))

    async def exported(self) -> list[Json]:
        """Everything, as JSON has it."""
        rows, _ = await self.exporting.page()
        return [_plain(asdict(row)) for row in rows]


def reference(**changes: Any) -> Json:
    """A ConversationReference as the Bot Framework SDKs write it, of Megan's Teams chat."""
    whole: Json = {
        "activityId": "f:5f85c2ad",
        "user": {"id": "29:1MEGAN", "name": "Megan Bowen", "aadObjectId": MEGAN},
        "bot": {"id": BOT_ID, "name": "Notify Bot"},
        "conversation": {"id": TEAMS_CHAT, "conversationType": "personal", "tenantId": TENANT},
        "channelId": "msteams",
        "locale": "en-US",
        "serviceUrl": SERVICE_URL,
    }
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def copilot_reference(**changes: Any) -> Json:
    """The same bot's reference from Copilot, as the Agents SDK writes it: the product is in the channel id."""
    place = {"id": COPILOT_CHAT, "conversationType": "groupChat", "isGroup": True, "tenantId": TENANT}
    agent = {"agent": {"id": BOT_ID}, "bot": None}
    return reference(**{"channelId": "msteams:COPILOT", "conversation": place, **agent, **changes})


def in_snake_case(value: Any) -> Any:
    """As ``as_dict()`` of the Python SDKs writes it."""
    if isinstance(value, dict):
        return {_snake(name): in_snake_case(inner) for name, inner in value.items()}
    return value


def in_pascal_case(value: Any) -> Any:
    """As .NET writes it without the SDK's own serializer."""
    if isinstance(value, dict):
        return {name[:1].upper() + name[1:]: in_pascal_case(inner) for name, inner in value.items()}
    return value


def user_data(**changes: Any) -> Json:
    """A row of Company Communicator's table ``UserData``."""
    row: Json = {
        "PartitionKey": "UserData",
        "RowKey": MEGAN,
        "Timestamp": "2026-11-22T09:00:00.0000000Z",
        "AadId": MEGAN,
        "ConversationId": TEAMS_CHAT,
        "Email": "megan@contoso.example",
        "Name": "Megan Bowen",
        "ServiceUrl": SERVICE_URL,
        "TenantId": TENANT,
        "Upn": "megan@contoso.example",
        "UserId": "29:1MEGAN",
        "UserType": "Member",
    }
    return {name: value for name, value in {**row, **changes}.items() if value is not None}


def columns(**changes: Any) -> Json:
    """A row of somebody's own table."""
    row: Json = {"aad_object_id": MEGAN, "tenant_id": TENANT, "conversation_id": TEAMS_CHAT, "service_url": SERVICE_URL}
    return {name: value for name, value in {**row, **changes}.items() if value is not None}


def _empty(conn: Connection, *, table: Table) -> None:
    conn.execute(delete(table))


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _plain(row: Json) -> Json:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if value is not None
    }
