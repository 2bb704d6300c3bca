"""Where the stories are played: one database, up to two workers, four people; and what must be so all the time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Final, TypeVar

from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant
from sqlalchemy import Connection

from bellwire.delivery.tuning import Tuning
from bellwire.model.pacing import Window
from bellwire.model.recipient import Person
from bellwire.model.reference import ConversationReference, Source
from bellwire.model.retry import RetryPolicy
from bellwire.model.surface import Surface
from bellwire.store import references, sightings
from tests.machine.clockwork import START, Clockwork, clockwork, settled
from tests.machine.life import Fuse, Life, WatchedDatabase, adopt
from tests.machine.model import Model
from tests.machine.scripted import SERVICE_URL, ScriptedTeams, chat_of
from tests.machine.truth import Truth, truth, watch_states

T = TypeVar("T")

TENANT: Final = "72f988bf-86f1-41af-91ab-2d7cd011db47"
OTHER_TENANT: Final = "0f0e0d0c-86f1-41af-91ab-2d7cd011db47"
PEOPLE: Final = tuple(
    Person("alerts", tenant, f"{number:08d}-0000-4000-8000-00000000000a")
    for number, tenant in enumerate((TENANT, TENANT, TENANT, OTHER_TENANT))
)
WITH_A_CHAT: Final = PEOPLE[:2]
IN_COPILOT_ONLY: Final = PEOPLE[2]
TUNING: Final = Tuning(
    seats=6,
    per_second=4,
    windows=(Window(2, 1.0), Window(6, 10.0)),
    retry=RetryPolicy(tries=4, first=1.0, cap=8.0, total=60.0),
    heartbeat=4.0,
    missed_beats=2,
    longest_request=6.0,
    poll=5.0,
    patience=5.0,
)
TICK: Final = 0.002  # ids are sorted by the millisecond


class Stage(RuleBasedStateMachine):
    """Opens and closes the house, and looks after every step whether all promises are kept."""

    new_url: Callable[[], str]
    tally: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=Clockwork)
        self.runner.get_loop().set_task_factory(adopt)
        self.model = Model()
        self.databases: list[WatchedDatabase] = []
        self.lives: list[Life] = []
        self.past_lives: list[Life] = []
        self.texts = 0
        self.is_open = False
        self.busy = False

    @initialize()
    def open(self) -> None:
        """A new database; two people have a chat with the bot, one is known from Copilot, one is a stranger."""
        self.url = type(self).new_url()
        self.run(self._open())
        self.is_open = True

    async def _open(self) -> None:
        loop = clockwork()
        self.office = WatchedDatabase(self.url, self.databases)
        self.teams = ScriptedTeams(
            TUNING.per_second, TUNING.windows, lambda posting: self.model.forbidden(posting, loop.now())
        )
        await loop.really(self.office.start())
        await self.office.write(_furnish)
        await self.begin_a_life(None)

    async def begin_a_life(self, fuse: Fuse | None) -> None:
        """A worker starts; it ends when the fuse has burnt down."""
        seed = len(self.lives) + len(self.past_lives)
        database = WatchedDatabase(self.url, self.databases)
        self.lives.append(await Life.begin(database, self.teams, TUNING, seed, fuse))

    def mourn(self, *, lands: bool) -> None:
        """Bury the dead; ``lands`` says whether what they were asking of Teams is done."""
        for life in [each for each in self.lives if each.dead]:
            self.lives.remove(life)
            self.past_lives.append(life)
            self.teams.cut(life, lands=lands)
            self.run(life.bury())

    @invariant()
    def all_promises_are_kept(self) -> None:
        """The books balance, every change of state was one of the table, nobody was sent what must not be sent."""
        if not self.is_open:
            return
        if any(life.dead for life in self.lives):
            self.happened("crash in a write")
            self.mourn(lands=len(self.past_lives) % 2 == 0)
        for life in self.lives:
            assert life.worker.alive
        found = self.runner.run(self.find_out())
        assert not self.teams.broken, self.teams.broken
        assert not list(self.model.broken(found, self.teams.landed, self.teams.asked))

    async def find_out(self) -> Truth:
        """What the database says, as soon as nothing moves any more."""
        await settled()
        return await self.office.read(truth)

    def reception(self) -> WatchedDatabase:
        """Callers come to the process of a living worker, if there is one."""
        return self.lives[0].database if self.lives else self.office

    def happened(self, what: str) -> None:
        """Keep count, so that it can be told what the stories were about."""
        type(self).tally[what] += 1

    def now(self) -> datetime:
        """The time of day."""
        loop = self.runner.get_loop()
        assert isinstance(loop, Clockwork)
        return loop.now()

    def run(self, deed: Coroutine[object, object, T]) -> T:
        """Run until it is over, and everything that it brings about at once."""
        return self.runner.run(_and_settle(deed))

    def close(self) -> None:
        """The end of the house."""
        self.run(self._close())
        self.runner.close()

    async def _close(self) -> None:
        for life in self.lives:
            life.end()
            await life.bury()
        if self.is_open:
            await clockwork().really(self.office.close())


async def _and_settle(deed: Coroutine[object, object, T]) -> T:
    result = await deed
    await asyncio.sleep(TICK)
    return result


def _furnish(conn: Connection) -> None:
    watch_states(conn)
    for person in WITH_A_CHAT:
        references.put(conn, _chat(person, START))
    sightings.record(conn, IN_COPILOT_ONLY, Surface.COPILOT, at=START, service_url=SERVICE_URL)


def _chat(person: Person, now: datetime) -> ConversationReference:
    return ConversationReference(
        person=person,
        conversation_id=chat_of(person),
        service_url=SERVICE_URL,
        source=Source.INSTALL,
        created_at=now,
        seen_at=now,
        installed_at=now,
    )
