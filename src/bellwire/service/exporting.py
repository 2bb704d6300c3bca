"""Gives out what is known of people, page by page, in the form that ``importing`` takes in without loss."""

from __future__ import annotations

from bellwire.service.exported import Exported, exported
from bellwire.service.senders import Senders
from bellwire.store import people
from bellwire.store.database import Database


class Exporting:
    """Reads out the allowed tenants' people."""

    def __init__(self, database: Database, senders: Senders) -> None:
        self._database = database
        self._senders = senders

    async def page(
        self, *, sender: str | None = None, after: tuple[str, str] | None = None, limit: int = 500
    ) -> tuple[list[Exported], tuple[str, str] | None]:
        """What is known of the next ``limit`` people after (tenant, object id), and the last of them if there are more.

        Raises:
            NotFound: there is no such sender.
            StoreUnavailable: the database does not answer.
        """
        if sender is not None:
            self._senders.known(sender)
        tenants = self._senders.allowed_tenants
        found = await self._database.read(
            lambda conn: people.page(conn, tenants=tenants, sender=sender, after=after, limit=limit)
        )
        last = (found[-1].tenant_id, found[-1].aad_object_id) if len(found) == limit else None
        return [row for known in found for row in exported(known, sender)], last
