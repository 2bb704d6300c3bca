"""The service is killed at random moments under load, and afterwards Teams' ledger and our books agree to the letter.

``BELLWIRE_CRASHES`` says how often it is killed. ``BELLWIRE_CRASH_SEED`` repeats the choices of an earlier run: which
faults Teams plays, and how long each life lasts. What the kill then hits is the machine's own affair.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from random import Random
from secrets import randbits, token_urlsafe
from time import monotonic
from typing import Final

import pytest

from bellwire.model.delivery import OnUnknown, State
from bellwire.simulator import Simulator, faults
from bellwire.simulator.actor import Actor
from bellwire.simulator.faults import Deed, Fault
from bellwire.simulator.limits import Limits, Window
from bellwire.simulator.script import Storm
from bellwire.store.database import Database
from tests.support.callers import Callers, calling
from tests.support.crowd import installed_long_ago, seen_in_copilot
from tests.support.logwatch import log_file
from tests.support.nursery import Nursery, nursery
from tests.support.reckoning import Account, disagreements, reckoned

CRASHES: Final = int(os.environ.get("BELLWIRE_CRASHES", "50"))
SEED: Final = int(os.environ.get("BELLWIRE_CRASH_SEED", "0")) or randbits(32)
PER_SECOND: Final = 200
TENANTS: Final = tuple(f"{number:08d}-1111-4111-8111-111111111111" for number in range(1, 4))
PEOPLE: Final = 300
IN_COPILOT: Final = 30
PATIENCE: Final = 60.0
WEATHER: Final = (
    (0.08, faults.stall(0.03)),
    (0.08, faults.stall(0.03, accepted=True)),
    (0.02, faults.answer(503)),
    (0.02, Fault(Deed.DELETE_CHAT)),
    (0.01, faults.answer_lost()),
    (0.01, faults.garbled()),
    (0.002, faults.throttled(1)),
)


async def killed_at_random(service: Nursery, teams: Simulator, random: Random) -> None:
    """One life and its end: most die at work, some before they have begun."""
    service.begin()
    if random.random() < 0.8:
        await service.url()
        await teams.ledger.wait_for(len(teams.ledger.entries) + random.randint(1, 40), PATIENCE)
    await asyncio.sleep(random.uniform(0, 0.05))  # the moment of death is what is random here
    await service.kill()


@pytest.fixture
def limits() -> Limits:
    return Limits(tenant=(Window(PER_SECOND, 1),))


async def test_nothing_is_lost_and_nothing_said_twice_without_need(database_url: str, limits: Limits) -> None:
    sys.stdout.write(f"\nBELLWIRE_CRASH_SEED={SEED} BELLWIRE_CRASHES={CRASHES}\n")
    random, began = Random(SEED), monotonic()
    async with Simulator(limits=limits) as teams:
        people = await inhabited(teams, database_url)
        teams.faults.storm(Storm(SEED, WEATHER, at_most=1))
        key = f"bw_{token_urlsafe(24)}"
        environment = settings_of(teams, database_url, key)
        async with nursery(environment, log_file("crash")) as service:
            callers = Callers(service, teams, key, people, random, SEED)
            async with calling(callers):
                for _ in range(CRASHES):
                    await killed_at_random(service, teams, random)
                service.begin()
            killed = monotonic() - began
            assert await service.stop() == 0
            assert await service.drain() == 0
    known = await reckoned(database_url, teams.ledger)
    report(known, callers, killed, monotonic() - began)
    assert not disagreements(known, callers.promised, teams.ledger)
    assert not teams.exceeded
    assert sum(account.doubts for account in known) >= CRASHES // 2, "the kills hit hardly anything"


async def inhabited(teams: Simulator, database_url: str) -> list[Actor]:
    """Everybody, each known to the service: most by their chats, some only from Copilot."""
    people = [actor for tenant in TENANTS for actor in teams.crowd(PEOPLE // len(TENANTS), tenant_id=tenant)]
    database = Database(database_url)
    await database.start()
    await database.write(lambda conn: seen_in_copilot(conn, people[:IN_COPILOT]))
    await database.write(lambda conn: installed_long_ago(conn, people[IN_COPILOT:]))
    await database.close()
    return people


def settings_of(teams: Simulator, database_url: str, key: str) -> dict[str, str]:
    return {
        **teams.settings(),
        "BELLWIRE_DATABASE_URL": database_url,
        "BELLWIRE_API_KEYS": key,
        "BELLWIRE_ALLOWED_TENANTS": ",".join(TENANTS),
        "BELLWIRE_PACE__TENANT_PER_SECOND": str(PER_SECOND),
        "BELLWIRE_WORKER__HEARTBEAT": "0.5",
    }


def report(known: list[Account], callers: Callers, killed: float, took: float) -> None:
    """Figures, shown with -s or if the test fails."""
    states = Counter(str(account.delivery.state) for account in known)
    lost = sum(attempt.code == "worker_lost" for account in known for attempt in account.attempts)
    held = [a for a in known if a.delivery.on_unknown is OnUnknown.HOLD]
    sys.stdout.write(
        f"{len(known)} deliveries {dict(states)}; {CRASHES} kills in {killed:.1f} s, all in {took:.1f} s; "
        f"{callers.repeated} calls repeated; {lost} attempts lost with a worker, "
        f"{sum(a.doubts for a in known)} in doubt; "
        f"{sum(a.duplicates for a in known)} duplicates, under hold {sum(a.duplicates for a in held)}; "
        f"unknown and there: {sum(a.delivery.state is State.UNKNOWN and bool(a.entries) for a in known)}\n"
    )
