"""Four workers and two web processes on one PostgreSQL, and whatever may befall them, in any order.

Workers are killed, stand still for longer than the others wait, stop and are added; PostgreSQL restarts amid all of it.
Afterwards Teams' ledger and our books agree to the letter, and no window of any tenant was exceeded by one request.
``BELLWIRE_CHAOS_ROUNDS`` says how much befalls them, ``BELLWIRE_CHAOS_SEED`` repeats the choices of an earlier run.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import cycle
from random import Random
from secrets import randbits, token_urlsafe
from time import monotonic
from typing import Final

from sqlalchemy import ColumnElement, Connection, select

from bellwire.app import utc_now
from bellwire.errors import StoreUnavailable
from bellwire.model.delivery import OnUnknown
from bellwire.simulator import Simulator, faults
from bellwire.simulator.actor import Actor
from bellwire.simulator.faults import Deed, Fault
from bellwire.simulator.limits import Limits, Window
from bellwire.simulator.script import Storm
from bellwire.store import books, deliveries
from bellwire.store.database import Database
from bellwire.store.tables import lanes, workers
from tests.delivery.engine import new_delivery
from tests.support.callers import Callers, calling
from tests.support.crowd import installed_long_ago, person_of
from tests.support.logwatch import log_file
from tests.support.nursery import Nursery, nursery
from tests.support.postgres import PostgresServer
from tests.support.reckoning import Account, disagreements, reckoned

ROUNDS: Final = int(os.environ.get("BELLWIRE_CHAOS_ROUNDS", "8"))
SEED: Final = int(os.environ.get("BELLWIRE_CHAOS_SEED", "0")) or randbits(32)
PER_SECOND: Final = 2
TENANTS: Final = tuple(f"{number:08d}-1111-4111-8111-111111111111" for number in range(1, 21))
PEOPLE: Final = 12
WAITING_PER_TENANT: Final = 60
WORKERS: Final = 4
MOVED_WITHIN: Final = 5.0
FROZEN_FOR: Final = (2.0, 6.0)
PATIENCE: Final = 90.0
WEATHER: Final = (
    (0.10, faults.stall(0.05)),
    (0.10, faults.stall(0.05, accepted=True)),
    (0.02, faults.answer(503)),
    (0.01, Fault(Deed.DELETE_CHAT)),
    (0.01, faults.answer_lost()),
    (0.002, faults.throttled(1)),
)


class Doors:
    """Two web processes, knocked at in turn."""

    def __init__(self, web: Sequence[Nursery]) -> None:
        self._turn = cycle(web)

    async def url(self) -> str:
        """Where the next one answers."""
        return await next(self._turn).url()


@dataclass
class Fleet:
    """The workers, what befalls them, and how long their tenants then waited for another one."""

    database: Database
    server: PostgresServer
    url: str
    living: list[Nursery]
    spare: list[Nursery]
    random: Random
    moved: list[float] = field(default_factory=list)
    befell: Counter[str] = field(default_factory=Counter)
    deck: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def round(self) -> None:
        """Something befalls one of them."""
        if not self.deck:
            self.deck = [self.kill, self.add, self.kill, self.freeze, self.add, self.kill, self.freeze, self.stop]
            self.random.shuffle(self.deck)
        event = self.deck.pop()
        if event == self.add and not self.spare:
            event = self.kill
        elif len(self.living) < 2:
            event = self.add
        self.befell[event.__name__] += 1
        await event()
        await asyncio.sleep(self.random.uniform(0.5, 4.0))  # the moment of what comes next is what is random here

    async def kill(self) -> None:
        """As by kill -9; its tenants have another worker within five seconds."""
        victim = self._somebody()
        left = await self.lanes_of(victim)
        await victim.kill()
        self.moved.append(await self._taken_over(left, victim))
        self.spare.append(victim)

    async def stop(self) -> None:
        """As for an upgrade."""
        victim = self._somebody()
        assert await victim.stop() == 0
        self.spare.append(victim)

    async def freeze(self) -> None:
        """It stands still with all its connections, and comes back."""
        victim = self._somebody()
        victim.freeze()
        await asyncio.sleep(self.random.uniform(*FROZEN_FOR))
        victim.thaw()
        self.living.append(victim)

    async def add(self) -> None:
        """One more."""
        born = self.spare.pop(0)
        born.begin("worker")
        await born.url()
        self.living.append(born)

    def restart_database(self) -> None:
        """PostgreSQL goes, and comes back."""
        self.befell["database restarts"] += 1
        self.server.interrupt(self.url)

    async def lanes_of(self, worker: Nursery) -> set[str]:
        """The tenants that the worker sends to."""
        return await self._read(lambda conn: _owned(conn, _process(worker)))

    async def _taken_over(self, tenants: set[str], victim: Nursery) -> float:
        began, rings, others = monotonic(), self.database.bell(), ~_process(victim)
        async with asyncio.timeout(PATIENCE):
            while not tenants <= await self._read(lambda conn: _owned(conn, others)):
                await rings.wait(0.05)
        return monotonic() - began

    async def done(self) -> None:
        """Return when nothing is open any more."""
        rings = self.database.bell()
        async with asyncio.timeout(PATIENCE):
            while sum(book.open for book in await self.database.read(books.read)):
                await rings.wait(0.2)

    async def _read(self, op: Callable[[Connection], set[str]]) -> set[str]:
        while True:
            try:
                return await self.database.read(op)
            except StoreUnavailable:
                await asyncio.sleep(0.05)

    def _somebody(self) -> Nursery:
        return self.living.pop(self.random.randrange(len(self.living)))


def _process(of: Nursery) -> ColumnElement[bool]:
    return workers.c.process.like(f"%/{of.pid}/%")


def _owned(conn: Connection, by: ColumnElement[bool]) -> set[str]:
    """The tenants whose lanes are owned so."""
    found = select(lanes.c.tenant_id).join(workers, workers.c.id == lanes.c.owner)
    return set(conn.scalars(found.where(by, workers.c.stopped_at.is_(None))))


async def test_nothing_is_lost_and_no_window_exceeded_whatever_befalls_them(
    postgres_url: str, postgres_server: PostgresServer
) -> None:
    sys.stdout.write(f"\nBELLWIRE_CHAOS_SEED={SEED} BELLWIRE_CHAOS_ROUNDS={ROUNDS}\n")
    random, began = Random(SEED), monotonic()
    async with Simulator(limits=Limits(tenant=(Window(PER_SECOND, 1),))) as teams, AsyncExitStack() as stack:
        database = Database(postgres_url)
        await database.start()
        stack.push_async_callback(database.close)
        people = await inhabited(teams, database)
        teams.faults.storm(Storm(SEED, WEATHER, at_most=1))
        key = f"bw_{token_urlsafe(24)}"
        environment = settings_of(teams, postgres_url, key)
        houses = [await stack.enter_async_context(nursery(environment, log_file("chaos"))) for _ in range(WORKERS + 4)]
        web, living, spare = houses[:2], houses[2 : 2 + WORKERS], houses[2 + WORKERS :]
        for house in houses[: 2 + WORKERS]:
            house.begin("web" if house in web else "worker")
        await asyncio.gather(*(house.url() for house in houses[: 2 + WORKERS]))
        fleet = Fleet(database, postgres_server, postgres_url, living, spare, random)
        promised = await database.write(lambda conn: backlog(conn, people))
        callers = Callers(Doors(web), teams, key, people, random, SEED, 700, 2, promised)
        async with calling(callers):
            for number in range(ROUNDS):
                if number == ROUNDS // 2:
                    fleet.restart_database()
                await fleet.round()
        await fleet.done()
        for house in [*web, *fleet.living]:
            assert await house.stop() == 0
    known = await reckoned(postgres_url, teams.ledger)
    report(known, callers, fleet, teams, monotonic() - began)
    assert not disagreements(known, callers.promised, teams.ledger)
    assert not teams.exceeded
    assert all(seconds <= MOVED_WITHIN for seconds in fleet.moved)


async def inhabited(teams: Simulator, database: Database) -> list[Actor]:
    """Everybody, each known to the service."""
    people = [actor for tenant in TENANTS for actor in teams.crowd(PEOPLE, tenant_id=tenant)]
    await database.write(lambda conn: installed_long_ago(conn, people))
    return people


def backlog(conn: Connection, people: Sequence[Actor]) -> dict[str, str]:
    """So much that every tenant is at its limit all the time; the ids by text."""
    now = utc_now()
    new = [
        new_delivery(person_of(actor), now, on_unknown=list(OnUnknown)[number % 2])
        for number in range(WAITING_PER_TENANT // PEOPLE)
        for actor in people
    ]
    deliveries.accept(conn, new)
    return {each.message.text or "": each.delivery.id for each in new if each.message is not None}


def settings_of(teams: Simulator, database_url: str, key: str) -> dict[str, str]:
    return {
        **teams.settings(),
        "BELLWIRE_DATABASE_URL": database_url,
        "BELLWIRE_API_KEYS": key,
        "BELLWIRE_ALLOWED_TENANTS": ",".join(TENANTS),
        "BELLWIRE_PACE__TENANT_PER_SECOND": str(PER_SECOND),
    }


def report(known: list[Account], callers: Callers, fleet: Fleet, teams: Simulator, took: float) -> None:
    """Figures, shown with -s or if the test fails."""
    states = Counter(str(account.delivery.state) for account in known)
    busiest = Counter(entry.conversation_id for entry in teams.ledger.entries)
    senders = {attempt.worker for account in known for attempt in account.attempts}
    fenced = sum(attempt.code == "lease_lost" for account in known for attempt in account.attempts)
    sys.stdout.write(
        f"{len(known)} deliveries {dict(states)} in {took:.1f} s to {len(busiest)} people, by {len(senders)} workers; "
        f"{dict(fleet.befell)}; {callers.repeated} calls repeated; {fenced} attempts not written any more; "
        f"{sum(a.duplicates for a in known)} duplicates, {sum(a.doubts for a in known)} in doubt; over the limits "
        f"{dict(teams.exceeded)}; tenants of the dead moved after {[round(each, 2) for each in fleet.moved]} s\n"
    )
