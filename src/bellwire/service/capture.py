"""Keeps what activities say: one reference a person, from their Teams chat alone, and where else they were seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Connection

from bellwire.errors import NotFound, TenantNotAllowed
from bellwire.model.reach import Reachable, reach, state_of
from bellwire.model.recipient import Person
from bellwire.model.reference import Lesson, learn
from bellwire.model.surface import Classification
from bellwire.service import team_news
from bellwire.store import people, queue, references, sightings
from bellwire.store.database import Database
from bellwire.teams.activities import Inbound, read
from bellwire.teams.team_news import team_news as team_news_of
from bellwire.tracing import carried

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """One activity about one person, as it goes to the store."""

    person: Person
    inbound: Inbound
    lesson: Lesson | None
    now: datetime
    trace: str | None = None


class Capture:
    """Takes in activities that were verified. ``senders`` maps app ids to names, ``tenants`` is the allow-list."""

    def __init__(
        self,
        database: Database,
        senders: Mapping[str, str],
        tenants: frozenset[str],
        clock: Callable[[], datetime],
    ) -> None:
        self._senders = {app_id.lower(): name for app_id, name in senders.items()}
        self._tenants = tenants
        self._clock = clock
        self._database = database
        self._keep = database.batched(keep)

    async def take(self, app_id: str, activity: Mapping[str, object]) -> Classification:
        """Keep what the activity says; returns once it is committed. Any order and any repetition leaves the same.

        Raises:
            InvalidActivity: not an activity; the field is named.
            NotFound: no sender has this app id.
            TenantNotAllowed: the tenant is not on the allow-list; nothing is kept.
            StoreUnavailable: the database does not answer; Teams sends the activity again.
        """
        now = self._clock()
        inbound = read(activity, now)
        sender = self._sender(app_id)
        self._admit(inbound.tenant_id)
        person = inbound.person(sender)
        log.debug("activity", surface=inbound.classification.surface, reason=inbound.classification.reason)
        news = team_news_of(activity, inbound)
        if news is not None:
            await self._database.write(lambda conn: team_news.keep(conn, sender, news, now))
        if person is not None:
            await self._keep(Taken(person, inbound, inbound.lesson(sender), now, carried()))
        return inbound.classification

    def _sender(self, app_id: str) -> str:
        name = self._senders.get(app_id.lower())
        if name is None:
            raise NotFound("No sender has the app id that the token is for.", remedy="Configure it as a sender.")
        return name

    def _admit(self, tenant_id: str | None) -> None:
        if tenant_id is not None and tenant_id not in self._tenants:
            raise TenantNotAllowed("The activity comes from a tenant that is not on the allow-list.")


def keep(conn: Connection, items: list[Taken]) -> list[None]:
    """Count the sightings, merge the lessons, and wake what waited for anyone who can be reached now."""
    persons = {item.person for item in items}
    people.hold(conn, persons)
    known = references.get_many(conn, persons)
    taught = set[Person]()
    for item in items:
        _count(conn, item.person, item.inbound)
        if item.lesson is not None:
            known[item.person] = learn(known.get(item.person), item.lesson, item.now)
            taught.add(item.person)
    references.put_many(conn, [known[person] for person in taught])
    references.traced(conn, {item.person: item.trace for item in items if item.lesson is not None and item.trace})
    for item in items:
        found = reach(state_of(known.get(item.person)), {item.inbound.classification.surface: None})
        if isinstance(found, Reachable):
            queue.wake(conn, item.person, item.now)
    return [None] * len(items)


def _count(conn: Connection, person: Person, inbound: Inbound) -> None:
    sightings.record(
        conn,
        person,
        inbound.classification.surface,
        at=inbound.at,
        activity_id=inbound.activity_id,
        service_url=inbound.service_url,
        user_id=inbound.user_id,
        name=inbound.name,
    )
