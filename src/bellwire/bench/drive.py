"""Drives an open Bellwire: accepts messages on behalf of callers, and watches the books for their ends."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from itertools import count, groupby

from bellwire.app import Bellwire
from bellwire.bench.machine import peak_mb
from bellwire.bench.peer import Answer
from bellwire.bench.people import SENDER, TEXT
from bellwire.errors import Unavailable
from bellwire.model.delivery import Priority
from bellwire.model.recipient import Recipient, RecipientKind
from bellwire.model.reference import ConversationReference
from bellwire.service.bulk import BulkCommand
from bellwire.service.command import Content, SendCommand, Terms
from bellwire.store import books, deliveries
from bellwire.store.books import Book

CALLER = "bench"
BATCH = 500
AHEAD = 2_000
CALLERS = 64
LOOK_EVERY = 0.02
PATIENT_LOOK = 0.5
CONTENT = Content(text=TEXT)
COUNTERS = ("accepted", "sent", "undeliverable", "unknown", "cancelled", "expired")


class Drive:
    """``people`` are written to in turn."""

    def __init__(self, bellwire: Bellwire, people: Sequence[ConversationReference]) -> None:
        self.bellwire = bellwire
        self.people = people
        self.number = count()

    def command(self, priority: Priority, content: Content = CONTENT) -> SendCommand:
        """One message to the next person."""
        person = self.people[next(self.number) % len(self.people)].person
        return SendCommand(
            to=Recipient(RecipientKind.AAD_OBJECT_ID, person.aad_object_id, person.tenant_id),
            content=content,
            terms=Terms(sender=SENDER, priority=priority),
        )

    async def accept(self, number: int, priority: Priority) -> None:
        """One message to each of the next so many people, in one call for each tenant; at most to everybody once."""
        people = [self.people[next(self.number) % len(self.people)].person for _ in range(number)]
        for tenant_id, those in groupby(people, key=lambda person: person.tenant_id):
            command = BulkCommand(
                to=[person.aad_object_id for person in those],
                content=CONTENT,
                terms=Terms(sender=SENDER, priority=priority),
                tenant_id=tenant_id,
            )
            answer = await self.bellwire.bulk.accept(command, caller=CALLER)
            if answer.accepted != len(command.to):
                raise Unavailable(f"Of {len(command.to)} deliveries of the bench {answer.accepted} were accepted.")

    async def send_urgently(self, text: str) -> tuple[float, float]:
        """One urgent message, until it was sent; when the call began and when it was answered."""
        command = self.command(Priority.URGENT, Content(text=text))
        began = time.monotonic()
        accepted = await self.bellwire.sending.accept(command, caller=CALLER)
        answered = time.monotonic()
        await self._until_ended(accepted.delivery.id)
        return began, answered

    async def _until_ended(self, delivery_id: str) -> None:
        get = partial(deliveries.get, delivery_id=delivery_id)
        while (found := await self.bellwire.database.read(get)) and not found.state.final:  # noqa: ASYNC110 - no bell
            await asyncio.sleep(PATIENT_LOOK)

    async def totals(self) -> Book:
        """The books of all tenants as one."""
        return total(await self.bellwire.database.read(books.read))

    async def ended(self) -> int:
        """How many deliveries have ended, however."""
        total = await self.totals()
        return total.accepted - total.open

    async def open(self) -> int:
        """How many have not."""
        return (await self.totals()).open

    async def until_all_ended(self) -> None:
        """Return when nothing is open."""
        while await self.open():  # noqa: ASYNC110 - the books are watched, and ring no bell
            await asyncio.sleep(LOOK_EVERY)

    async def until_something_ended(self) -> None:
        """Return when one more delivery has ended than now."""
        before = await self.ended()
        while await self.ended() == before:  # noqa: ASYNC110 - as above
            await asyncio.sleep(LOOK_EVERY)

    async def until_every_lane_moved(self) -> None:
        """Return when of every lane that has work something has ended."""
        while any(book.open == book.accepted > 0 for book in await self.bellwire.database.read(books.read)):  # noqa: ASYNC110 - as above
            await asyncio.sleep(LOOK_EVERY)

    async def accept_in_batches(self, seconds: float) -> Answer:
        """Keep some batches ahead of the worker for so long, then let it finish."""
        return await self._lap(seconds, self._feed)

    async def accept_singly(self, seconds: float) -> Answer:
        """Callers who each wait for their own answer for so long, then let the worker finish."""
        return await self._lap(seconds, self._call)

    async def watch(self, seconds: float) -> Answer:
        """Only watch the worker for so long."""
        return await self._lap(seconds, self._rest, finish=False)

    async def _lap(self, seconds: float, work: Callable[[float], Awaitable[None]], *, finish: bool = True) -> Answer:
        kept = await self.bellwire.database.read(books.read)
        began, cpu = time.perf_counter(), time.process_time()
        await work(began + seconds)
        if finish:
            await self.until_all_ended()
        now = await self.bellwire.database.read(books.read)
        ended, cpu = time.perf_counter(), time.process_time() - cpu
        before, after = total(kept), total(now)
        sent = after.sent - before.sent
        return {
            "sent": sent,
            "slowest": slowest(kept, now),
            "failed": (after.accepted - after.open) - (before.accepted - before.open) - sent,
            "seconds": ended - began,
            "cpu_seconds": cpu,
            "rss_mb": peak_mb(),
        }

    async def _feed(self, until: float) -> None:
        while time.perf_counter() < until:
            if await self.open() < AHEAD:
                await self.accept(min(BATCH, len(self.people)), Priority.NORMAL)
            else:
                await asyncio.sleep(LOOK_EVERY)

    async def _call(self, until: float) -> None:
        async def caller() -> None:
            while time.perf_counter() < until:
                await self.bellwire.sending.accept(self.command(Priority.NORMAL), caller=CALLER)

        await asyncio.gather(*(caller() for _ in range(CALLERS)))

    async def _rest(self, until: float) -> None:
        await asyncio.sleep(until - time.perf_counter())


def total(kept: Iterable[Book]) -> Book:
    """Several books as one."""
    sums = Counter[str]()
    for book in kept:
        sums.update({name: getattr(book, name) for name in COUNTERS})
    return Book(tenant_id="*", sender="*", **{name: sums[name] for name in COUNTERS})


def slowest(before: Iterable[Book], after: Iterable[Book]) -> int:
    """How much that tenant was sent meanwhile that was sent the least."""
    sent = {(book.sender, book.tenant_id): book.sent for book in before}
    return min((book.sent - sent.get((book.sender, book.tenant_id), 0) for book in after), default=0)
