"""An engine to test with: a real database, a real worker, and a Teams whose answers are scripted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from time import monotonic
from typing import Any, Final, TypeVar

from bellwire.delivery.signals import Signal
from bellwire.delivery.tuning import Tuning
from bellwire.delivery.work import Work
from bellwire.delivery.worker import Worker
from bellwire.model.delivery import Delivery, Priority, State
from bellwire.model.ids import uuid7
from bellwire.model.message import Message
from bellwire.model.outcome import Opened, Outcome, Sent, Step
from bellwire.model.posting import Posting
from bellwire.model.recipient import Person, Recipient, RecipientKind
from bellwire.model.reference import ConversationReference, Source
from bellwire.store import books, deliveries, references
from bellwire.store.attempts import Attempt
from bellwire.store.database import Database
from bellwire.store.deliveries import NewDelivery
from bellwire.store.lanes import LaneKey

T = TypeVar("T")

NOW: Final = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TENANT: Final = "72f988bf-86f1-41af-91ab-2d7cd011db47"
OTHER_TENANT: Final = "0f0e0d0c-86f1-41af-91ab-2d7cd011db47"
SERVICE_URL: Final = "https://teams.example/emea/"
PATIENCE: Final = 20.0

_numbers = count()


class Clock:
    """A time of day that stands still until it is moved, or let run."""

    def __init__(self) -> None:
        self.now = NOW
        self._running_since: float | None = None

    def __call__(self) -> datetime:
        if self._running_since is None:
            return self.now
        return self.now + timedelta(seconds=monotonic() - self._running_since)

    def run(self) -> None:
        """From now on it goes as clocks do."""
        self._running_since = monotonic()

    def advance(self, seconds: float) -> datetime:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)
        return self.now


@dataclass(slots=True)
class Request:
    """A request under way, which waits for its answer."""

    posting: Posting
    _answer: asyncio.Future[Outcome] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def person(self) -> Person:
        """Whom it concerns."""
        return self.posting.person

    def answer(self, outcome: Outcome | None = None) -> None:
        """Teams answers; without an outcome that all is well."""
        self._answer.set_result(outcome or well(self.posting))

    def answer_if_open(self) -> None:
        """Teams answers, if it has not."""
        if not self._answer.done():
            self.answer()

    async def answered(self) -> Outcome:
        """Wait for the answer."""
        return await self._answer


def well(posting: Posting) -> Outcome:
    """What Teams says when all is well."""
    if posting.step is Step.OPEN_CHAT:
        return Opened(f"a:{posting.person.aad_object_id}", posting.service_url)
    return Sent(posting.activity_id or f"1:{next(_numbers)}")


class Script:
    """A sender that answers as ``plan`` says; while ``plan`` is None, requests wait for their answers."""

    default_service_url = "https://teams.example/default/"
    spare_service_url: str | None = "https://teams.example/spare/"

    def __init__(self, plan: Callable[[Posting], Outcome] | None = well) -> None:
        self.plan = plan
        self.postings: list[Posting] = []
        self.requests: asyncio.Queue[Request] = asyncio.Queue()
        self._open: list[Request] = []

    async def send(self, posting: Posting) -> Outcome:
        """Note the posting, and answer it."""
        self.postings.append(posting)
        if self.plan is not None:
            return self.plan(posting)
        request = Request(posting)
        self._open.append(request)
        self.requests.put_nowait(request)
        return await request.answered()

    async def request(self) -> Request:
        """The next request that waits for its answer."""
        return await soon(self.requests.get())

    def answer_all(self) -> None:
        """Teams answers whatever still waits for its answer, and at once from now on."""
        self.plan = self.plan or well
        for request in self._open:
            request.answer_if_open()

    def steps(self) -> list[Step]:
        """The steps asked for so far."""
        return [posting.step for posting in self.postings]


async def soon(waited_for: Awaitable[T]) -> T:
    """It, or an error instead of a test that never ends."""
    return await asyncio.wait_for(waited_for, PATIENCE)


class Engine:
    """Workers on one database, and what a test wants to do to them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = Clock()
        self.teams = Script()
        self.workers: list[Worker] = []

    async def start(
        self,
        *,
        teams: Script | None = None,
        senders: Mapping[str, Script] | None = None,
        database: Database | None = None,
        **tuning: Any,
    ) -> Worker:
        """One more worker, at work."""
        worker = Worker(
            database or self.database,
            senders or {"alerts": teams or self.teams},
            clock=self.clock,
            random=Random(len(self.workers)),
            tuning=replace(Tuning(per_second=1_000, heartbeat=3_600.0, poll=3_600.0, patience=10.0), **tuning),
        )
        self.workers.append(worker)
        await worker.start()
        return worker

    async def close(self) -> None:
        """Stop every worker; what has no answer yet gets one."""
        self.teams.answer_all()
        for worker in self.workers:
            await soon(worker.stop())

    async def crash(self, worker: Worker) -> None:
        """End a worker as kill -9 would: nothing is written any more."""
        self.workers.remove(worker)
        tasks = [*worker._tasks, *worker._starter._requests]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def knows(self, *people: Person, **fields: Any) -> None:
        """These people's Teams chats are known."""
        await self.database.write(
            lambda conn: references.put_many(conn, [reference(each, **fields) for each in people])
        )

    async def accept(self, *people: Person, **fields: Any) -> list[str]:
        """One delivery for each of them."""
        new = [new_delivery(person, self.clock(), **fields) for person in people]
        await self.database.write(lambda conn: deliveries.accept(conn, new))
        return [each.delivery.id for each in new]

    async def delivery(self, delivery_id: str) -> Delivery:
        """The row as it is."""
        found = await self.database.read(lambda conn: deliveries.get(conn, delivery_id))
        assert found is not None
        return found

    async def attempts(self, delivery_id: str) -> list[Attempt]:
        """The attempts as they are."""
        found = await self.database.read(lambda conn: deliveries.get_with_attempts(conn, delivery_id))
        assert found is not None
        return found[1]

    async def balance(self) -> dict[str, int]:
        """The books, which must be what the rows say."""
        assert await self.database.read(books.audit) == []
        kept = await self.database.read(books.read)
        names = ("accepted", "sent", "undeliverable", "unknown", "cancelled", "expired", "open")
        return {name: sum(getattr(book, name) for book in kept) for name in names}


class Ear:
    """Hears one signal from the moment at which it is made."""

    def __init__(self, signal: Signal[T]) -> None:
        self._heard = signal.listen()

    async def hear(self, *facts: object) -> None:
        """Wait until every one of these was heard, in any order."""
        missing = list(facts)
        while missing:
            fact = await soon(self._heard.get())
            if fact in missing:
                missing.remove(fact)

    async def next(self) -> object:
        """The next fact."""
        return await soon(self._heard.get())


def person(number: int, *, tenant: str = TENANT) -> Person:
    """Somebody."""
    return Person("alerts", tenant, f"a0000000-0000-4000-8000-{number:012d}")


def reference(who: Person, **fields: Any) -> ConversationReference:
    """How to reach them; ``fields`` say what is different."""
    known = ConversationReference(
        person=who,
        conversation_id=f"a:{who.aad_object_id}",
        service_url=SERVICE_URL,
        source=Source.INSTALL,
        created_at=NOW - timedelta(days=1),
        seen_at=NOW - timedelta(days=1),
        installed_at=NOW - timedelta(days=1),
    )
    return replace(known, **fields)


def work(who: Person, **fields: Any) -> Work:
    """A message to them in a worker's hands; ``fields`` say what is different."""
    usual = Work(
        lane=LaneKey(who.sender, who.tenant_id),
        person=who,
        priority=Priority.NORMAL,
        step=Step.POST,
        service_url=SERVICE_URL,
        attempts=0,
        run_at=NOW,
        holder="w",
        claimed_at=NOW,
    )
    return replace(usual, **fields)


def new_delivery(who: Person, now: datetime, **fields: Any) -> NewDelivery:
    """A delivery that is queued; ``fields`` say what is different."""
    number = next(_numbers)
    message = Message(id=uuid7(now, number << 20), text=f"Message {number}")
    delivery = Delivery(
        id=uuid7(now, number << 30),
        message_id=message.id,
        person=who,
        recipient=Recipient(RecipientKind.AAD_OBJECT_ID, who.aad_object_id),
        state=State.QUEUED,
        priority=Priority.NORMAL,
        run_at=now,
        accepted_at=now,
    )
    return NewDelivery(delivery=replace(delivery, **fields), message=message)
