"""Answers for many people at once whether they can be reached, and if not what is in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection

from bellwire.errors import InvalidInput
from bellwire.model.reach import Obstacle, Reachable
from bellwire.model.reason import Reason
from bellwire.model.recipient import Person, Recipient, RecipientKind
from bellwire.service.admission import reach_many
from bellwire.service.senders import Senders, guid_of
from bellwire.service.who import Who
from bellwire.store.database import Database

MOST_AT_ONCE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Checked:
    """What is so of one person, named as the caller did; ``sender`` is the one that reaches them, or was asked."""

    to: str
    sender: str
    found: Reachable | Obstacle


class Checking:
    """Looks people up, and writes nothing. ``clock`` tells the time in UTC."""

    def __init__(self, database: Database, senders: Senders, who: Who, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._senders = senders
        self._who = who
        self._clock = clock

    async def check(self, to: Sequence[str], *, sender: str | None, tenant_id: str | None) -> list[Checked]:
        """Each of them, in the same order; by any sender, unless one is named.

        Raises:
            InvalidInput, NotFound, TenantNotAllowed: a field is wrong; it is named.
            Unavailable: the database, or the directory, does not answer.
        """
        if not 1 <= len(to) <= MOST_AT_ONCE:
            raise InvalidInput(f"{len(to)} people are named.", field="to", remedy=f"Name 1 to {MOST_AT_ONCE} people.")
        first = self._senders.choose(sender)
        tenant = self._senders.tenant(first, tenant_id, field="tenant_id")
        meant = await self._meant(first, tenant, to)
        everyone = {each for each in meant if isinstance(each, Person)}
        others = self._senders.others(sender, first, tenant)
        found = await self._database.read(partial(self._reach, everyone=everyone, others=others))
        return [
            Checked(name, first, Obstacle(person)) if isinstance(person, Reason) else Checked(name, *found[person])
            for name, person in zip(to, meant, strict=True)
        ]

    async def _meant(self, sender: str, tenant_id: str, to: Sequence[str]) -> list[Person | Reason]:
        addresses = {value: Recipient(RecipientKind.EMAIL, value) for value in to if "@" in value}
        known = await self._who.people(sender, tenant_id, list(addresses.values())) if addresses else {}
        meant: list[Person | Reason] = []
        for position, value in enumerate(to):
            found = known[addresses[value]] if value in addresses else guid_of(value, f"to.{position}")
            meant.append(found if isinstance(found, Reason) else Person(sender, tenant_id, found))
        return meant

    def _reach(
        self, conn: Connection, everyone: set[Person], others: Sequence[str]
    ) -> dict[Person, tuple[str, Reachable | Obstacle]]:
        """By the sender that they were looked up for, or else the first of the others that reaches them."""
        now, flows = self._clock(), self._senders.flows
        ways = reach_many(conn, everyone, flows, now)
        found = {person: (person.sender, way) for person, way in ways.items()}
        for other in others:
            missing = {
                Person(other, person.tenant_id, person.aad_object_id): person
                for person, (_, way) in found.items()
                if isinstance(way, Obstacle)
            }
            for person, way in reach_many(conn, missing.keys(), flows, now).items():
                if isinstance(way, Reachable):
                    found[missing[person]] = other, way
        return found
