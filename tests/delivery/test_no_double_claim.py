"""Two connections to one PostgreSQL, several workers, any order of events: no delivery is ever in two hands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bellwire.delivery.upkeep import rescue
from bellwire.model.outcome import Step
from bellwire.store import deliveries, journal, lanes, queue, supply, workers
from bellwire.store.database import Database
from bellwire.store.holding import Returned
from bellwire.store.journal import Begun
from bellwire.store.lanes import LaneKey
from tests.support.postgres import PostgresServer

from .engine import NOW, TENANT, new_delivery, person
from .test_claims import WANT

KEY = LaneKey("alerts", TENANT)
NAMES = ("a", "b", "c")
Deed = tuple[str, int, int]

DEEDS = st.tuples(
    st.sampled_from(
        ["hire", "take", "take", "claim", "claim", "claim", "begin", "give back", "give back again", "release", "bury"]
    ),
    st.integers(0, len(NAMES) - 1),
    st.integers(0, 1),
)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


class House:
    """Two connections, the workers by their current ids, and who was allowed to write what to the wire."""

    def __init__(self, databases: tuple[Database, Database]) -> None:
        self.databases = databases
        self.ids: dict[int, str] = {}
        self.held: dict[str, dict[str, datetime]] = {}
        self.returned: dict[str, list[Returned]] = {}
        self.now = NOW
        self.written: dict[str, list[str]] = {}
        self.retired: set[str] = set()
        self.hired = 0

    async def deed(self, deed: Deed) -> None:
        """One of them does something, over one of the connections."""
        what, who, seat = deed
        deeds: dict[str, Callable[[str, Database], Awaitable[None]]] = {
            "take": self.take,
            "claim": self.claim,
            "begin": self.begin,
            "give back": self.give_back,
            "give back again": self.give_back_again,
            "release": self.release,
            "bury": self.bury,
        }
        if what == "hire" or who not in self.ids:
            await self.hire(who, self.databases[seat])
        else:
            await deeds[what](self.ids[who], self.databases[seat])

    def look(self) -> None:
        """What the living have in hand, nobody else has."""
        hands = [self.held.get(worker, {}).keys() for worker in self.ids.values() if worker not in self.retired]
        assert sum(map(len, hands)) == len(set().union(*hands))

    async def hire(self, who: int, database: Database) -> None:
        if self.ids.get(who) in (None, *self.retired):
            self.hired += 1
            worker = self.ids[who] = f"{NAMES[who]}{self.hired}"
            await database.write(partial(workers.register, worker=worker, process=None, now=NOW))

    async def take(self, worker: str, database: Database) -> None:
        await database.write(partial(lanes.own, worker=worker, keys=[KEY]))

    async def claim(self, worker: str, database: Database) -> None:
        self.now += timedelta(microseconds=1)
        fetch = partial(supply.fetch, worker=worker, wants=[WANT._replace(most=2)], now=self.now)
        found, held = await database.write(fetch), self.held.setdefault(worker, {})
        claimed = {each.id: found.claimed_at for _, claimed in found.claimed for each in claimed}
        assert held.keys().isdisjoint(claimed)
        held.update(claimed)

    async def begin(self, worker: str, database: Database) -> None:
        mine = sorted(self.held.pop(worker, {}).items())
        rows = [Begun(each, at, 1 + len(self.written.get(each, ())), Step.POST, NOW) for each, at in mine]
        if rows:
            for each in await database.write(partial(journal.begin, worker=worker, starting=rows, now=NOW)):
                self.written.setdefault(each, []).append(worker)

    async def give_back(self, worker: str, database: Database) -> None:
        mine = [Returned(each, at, NOW) for each, at in self.held.pop(worker, {}).items()]
        self.returned.setdefault(worker, []).extend(mine)
        await database.write(partial(queue.give_back, worker=worker, returned=mine))

    async def give_back_again(self, worker: str, database: Database) -> None:
        """All that it ever gave back: it does not know whether that was committed."""
        await database.write(partial(queue.give_back, worker=worker, returned=self.returned.get(worker, [])))

    async def release(self, worker: str, database: Database) -> None:
        await database.write(partial(lanes.release, worker=worker, keys=[KEY]))

    async def bury(self, worker: str, database: Database) -> None:
        self.retired.add(worker)
        await database.write(partial(rescue, worker=worker, now=NOW))


async def play(server: PostgresServer, template: str, rounds: list[list[Deed]]) -> House:
    name = server.create(template)
    databases = Database(server.url(name)), Database(server.url(name))
    try:
        for database in databases:
            await database.start()
        new = [new_delivery(person(number), NOW) for number in range(6)]
        await databases[0].write(partial(deliveries.accept, new=new))
        house = House(databases)
        for deeds in rounds:
            await asyncio.gather(*map(house.deed, deeds))
            house.look()
        return house
    finally:
        for database in databases:
            await database.close()
        server.drop(name)


HELD_TWICE = ["hire", "take", "claim", "give back", "claim", "give back again", "claim", "begin"]


@settings(max_examples=12)
@example(rounds=[[(what, 0, 0)] for what in HELD_TWICE])
@given(rounds=st.lists(st.lists(DEEDS, min_size=1, max_size=6), min_size=3, max_size=12))
def test_no_delivery_is_begun_twice_unless_its_first_worker_was_buried(
    runner: asyncio.Runner, postgres_server: PostgresServer, postgres_template: str, rounds: list[list[Deed]]
) -> None:
    house = runner.run(play(postgres_server, postgres_template, rounds))
    for writers in house.written.values():
        assert set(writers[:-1]) <= house.retired
