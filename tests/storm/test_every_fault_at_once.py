"""10,000 deliveries in a storm of every fault at once: all are accounted for, each for a reason that is true.

The seed is printed; BELLWIRE_STORM_SEED plays the same faults to the same messages again.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, select

from bellwire.model.delivery import OnUnknown, Priority, State
from bellwire.model.outcome import Step
from bellwire.model.reason import Reason
from bellwire.model.recipient import Person, Recipient, RecipientKind
from bellwire.model.reference import ConversationReference, Source
from bellwire.service.acceptance import Accepted
from bellwire.service.command import Content, SendCommand, Terms
from bellwire.simulator import Limits, Simulator
from bellwire.simulator.limits import Window
from bellwire.simulator.script import Played
from bellwire.store import attempts, books, references
from bellwire.store.attempts import Attempt
from bellwire.store.tables import deliveries
from tests.storm.weather import ends, storm, suspensions
from tests.support.service import Running, running

PEOPLE: Final = 2_500
EACH: Final = 4
PER_SECOND: Final = 600
MOST_ATTEMPTS: Final = 40
PATIENCE: Final = 240.0


@dataclass(frozen=True)
class Ended:
    """How one delivery ended, and all that was tried."""

    text: str
    person: str
    on_unknown: OnUnknown
    state: State
    reason: Reason | None
    attempts: list[Attempt]


async def test_a_storm_of_every_fault_leaves_nothing_unexplained(sqlite_url: str) -> None:
    seed = int(os.environ.get("BELLWIRE_STORM_SEED") or random.SystemRandom().randrange(1 << 32))
    sys.stdout.write(f"BELLWIRE_STORM_SEED={seed}\n")
    async with _teams() as teams, _service(sqlite_url, teams) as service:
        people = await _introduce(service, random.Random(seed))
        teams.faults.storm(storm(seed))
        asked = await _accept(service, people)
        await _all_ended(service)
        ended = await _ended(service, asked)
        assert len(ended) == PEOPLE * EACH
        await _the_books_balance(service, ended)
        _every_end_is_true(teams, ended)
        _nobody_was_hurried(ended)
        assert not teams.exceeded
        assert {entry.surface for entry in teams.ledger.entries} == {"teams"}
        assert not any(opening.copilot for opening in teams.ledger.openings)


@asynccontextmanager
async def _teams() -> AsyncIterator[Simulator]:
    async with Simulator(limits=Limits(tenant=(Window(PER_SECOND, 1),))) as teams:
        yield teams


def _service(url: str, teams: Simulator) -> AbstractAsyncContextManager[Running]:
    return running(url, teams=teams, environment={"BELLWIRE_PACE__TENANT_PER_SECOND": str(PER_SECOND)})


async def _introduce(service: Running, lots: random.Random) -> list[Person]:
    """People who installed the app long ago, and whose chats are known."""
    long_ago, known = datetime(2026, 1, 1, tzinfo=UTC), []
    for number in range(PEOPLE):
        aad_object_id = str(uuid.UUID(int=lots.getrandbits(128)))
        actor = service.teams.person(f"Person {number}", aad_object_id=aad_object_id)
        actor.presence.installed = True
        person = Person("alerts", service.teams.bot.tenant_id, actor.aad_object_id)
        known.append(
            ConversationReference(
                person=person,
                conversation_id=actor.chat().id,
                service_url=actor.service_url,
                source=Source.INSTALL,
                created_at=long_ago,
                seen_at=long_ago,
                installed_at=long_ago,
            )
        )
    await service.bellwire.database.write(lambda conn: references.put_many(conn, known))
    return [one.person for one in known]


async def _accept(service: Running, people: list[Person]) -> dict[str, SendCommand]:
    """The commands by the id of the delivery that each became; every second one is to be resent when in doubt."""
    commands = [
        SendCommand(
            to=Recipient(RecipientKind.AAD_OBJECT_ID, person.aad_object_id),
            content=Content(text=f"Storm warning {number} for {person.aad_object_id}"),
            terms=Terms(priority=Priority(number % 3), on_unknown=list(OnUnknown)[number % 2]),
        )
        for number in range(EACH)
        for person in people
    ]
    outcomes = await service.bellwire.sending.accept_many(commands, caller="storm")
    accepted = [outcome for outcome in outcomes if isinstance(outcome, Accepted)]
    assert len(accepted) == len(commands)
    return {one.delivery.id: command for one, command in zip(accepted, commands, strict=True)}


async def _all_ended(service: Running) -> None:
    worker = service.bellwire.worker
    assert worker is not None
    recorded = worker.signals.recorded.listen()
    async with asyncio.timeout(PATIENCE):
        while sum(book.open for book in await service.bellwire.database.read(books.read)):
            await recorded.get()
            while not recorded.empty():
                recorded.get_nowait()


async def _ended(service: Running, asked: dict[str, SendCommand]) -> list[Ended]:
    def read(conn: Connection) -> list[Ended]:
        rows = conn.execute(select(deliveries.c.id, deliveries.c.state, deliveries.c.reason)).all()
        return [
            Ended(
                text=asked[delivery_id].content.text or "",
                person=asked[delivery_id].to.value,
                on_unknown=asked[delivery_id].terms.on_unknown,
                state=State(state),
                reason=None if reason is None else Reason(reason),
                attempts=attempts.of(conn, delivery_id),
            )
            for delivery_id, state, reason in rows
        ]

    return await service.bellwire.database.read(read)


async def _the_books_balance(service: Running, ended: list[Ended]) -> None:
    database = service.bellwire.database
    assert await database.read(books.audit) == []
    (book,) = await database.read(books.read)
    counted = Counter(one.state for one in ended)
    assert book.accepted == len(ended)
    assert book.open == 0
    assert (book.sent, book.undeliverable, book.unknown) == (
        counted[State.SENT],
        counted[State.UNDELIVERABLE],
        counted[State.UNKNOWN],
    )


def _every_end_is_true(teams: Simulator, ended: list[Ended]) -> None:
    """What Bellwire says of a message agrees with Teams' ledger and with the faults that it met."""
    of_person, of_text = defaultdict(list), defaultdict(list)
    for played in teams.faults.played:
        of_person[played.person].append(played)
        of_text[played.text].append(played)
    for one in ended:
        arrived = len(teams.ledger.with_text(one.text))
        accepted_in_spite = sum(played.accepted for played in of_text[one.text])
        assert arrived == accepted_in_spite + (one.state is State.SENT), one
        assert arrived <= 1 or one.on_unknown is OnUnknown.RESEND, one
        if one.state is not State.SENT:
            assert one.state is State.UNDELIVERABLE or one.on_unknown is OnUnknown.HOLD, one
            true = _true_reasons(one, of_text[one.text], of_person[one.person])
            assert one.reason in true, (one, true)


def _true_reasons(one: Ended, of_text: list[Played], of_person: list[Played]) -> set[Reason]:
    """What may be said of a delivery after these faults: what hit its last request, or what suspended its person.

    The last request was hit by the last fault that its text met, or, if it opened a chat, by one of those that met the
    opening of this person's chat.
    """
    opening = bool(one.attempts) and one.attempts[-1].step is Step.OPEN_CHAT
    hit = [played for played in of_person if played.operation == "create"] if opening else of_text[-1:]
    if one.state is State.UNKNOWN:
        return ends(one.state, hit)
    return ends(one.state, hit) | suspensions(of_person)


def _nobody_was_hurried(ended: list[Ended]) -> None:
    """No tight loop: a refusal is followed by a wait, a remedy is tried once, and all of it has an end."""
    for one in ended:
        assert len(one.attempts) <= MOST_ATTEMPTS
        for earlier, later in zip(one.attempts, one.attempts[1:], strict=False):
            if earlier.outcome in ("retry", "unknown") and earlier.finished_at is not None:
                assert (later.started_at - earlier.finished_at).total_seconds() >= 0.99, one.text
