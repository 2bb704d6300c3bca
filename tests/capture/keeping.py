"""Takes activities in through the real use case, and looks at what the store holds afterwards."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, func, select

from bellwire.model.recipient import Person
from bellwire.model.reference import ConversationReference
from bellwire.model.surface import Surface
from bellwire.service.capture import Capture
from bellwire.store import references, sightings
from bellwire.store.database import Database
from bellwire.store.tables import conversation_references, metadata
from tests.support.activities import APP_ID, MEGAN, START, TENANT, Json

SENDER = "alerts"
NOW = START + timedelta(days=1)
PERSON = Person(SENDER, TENANT, MEGAN)


class Keeping:
    """One sender, one allowed tenant, a clock that stands still."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.capture = Capture(database, {APP_ID: SENDER}, frozenset({TENANT}), lambda: NOW)

    async def take(self, *activities: Json) -> None:
        """Take in one after the other."""
        for activity in activities:
            await self.capture.take(APP_ID, activity)

    async def reference(self) -> ConversationReference | None:
        """Megan's."""
        return await self.database.read(lambda conn: references.get(conn, PERSON))

    async def seen(self) -> dict[Surface, int]:
        """How often Megan was seen where."""
        found = await self.database.read(lambda conn: sightings.of(conn, TENANT, MEGAN))
        return {sighting.surface: sighting.seen for sighting in found}

    async def rows(self) -> dict[str, int]:
        """How many rows there are in each table that has any."""
        return await self.database.read(count_rows)

    async def references(self) -> int:
        """How many references there are in all."""
        counted = select(func.count()).select_from(conversation_references)
        return await self.database.read(lambda conn: conn.execute(counted).scalar_one())


def count_rows(conn: Connection) -> dict[str, int]:
    """How many rows there are in each table that has any; what the tables say of themselves is left out."""
    kept = [table for table in metadata.sorted_tables if table.name != "oldest_code"]
    counts = {table.name: conn.execute(select(func.count()).select_from(table)).scalar_one() for table in kept}
    return {name: count for name, count in counts.items() if count}
