"""Tells how far the repairs are: Teams chats that are opened without a message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from bellwire.service.senders import Senders
from bellwire.store import repairs
from bellwire.store.database import Database
from bellwire.store.repairs import Repair, RepairCount, RepairState


@dataclass(frozen=True, slots=True)
class RepairReport:
    """How many repairs were asked for, and how each kind of them stands; and some of them, one by one."""

    counts: Sequence[RepairCount]
    repairs: Sequence[Repair]

    def of(self, *states: RepairState) -> int:
        """How many are in one of these states."""
        return sum(each.count for each in self.counts if each.state in states)


class Repairing:
    """Answers about repairs. They are asked for with an import."""

    def __init__(self, database: Database, senders: Senders) -> None:
        self._database = database
        self._senders = senders

    async def report(
        self, *, sender: str | None, state: RepairState | None, after: str | None, limit: int
    ) -> RepairReport:
        """The books of all repairs (or of one sender's), and a page of those in ``state``, in the order of their ids.

        Raises:
            NotFound: there is no such sender.
        """
        if sender is not None:
            self._senders.known(sender)
        return await self._database.read(partial(self._report, sender=sender, state=state, after=after, limit=limit))

    def _report(
        self, conn: Connection, sender: str | None, state: RepairState | None, after: str | None, limit: int
    ) -> RepairReport:
        tenants = self._senders.allowed_tenants
        return RepairReport(
            repairs.count(conn, tenants, sender),
            repairs.page(conn, tenants, sender=sender, state=state, after=after, limit=limit),
        )
