"""What both storms do: accept many messages, wait for all ends, and look at what must hold of every one of them."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from bellwire.model.delivery import OnUnknown, State
from bellwire.model.reason import Reason
from bellwire.service.acceptance import Accepted
from bellwire.service.command import SendCommand
from bellwire.simulator import Simulator
from bellwire.simulator.script import Played
from bellwire.store import attempts, books
from bellwire.store.attempts import Attempt
from bellwire.store.tables import deliveries
from tests.support.service import Running

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


@dataclass(frozen=True)
class Faults:
    """The faults that were played, by the text and by the person that they hit."""

    of_text: Mapping[str | None, list[Played]]
    of_person: Mapping[str | None, list[Played]]


def seed() -> int:
    """The one that is given, or a new one; it is printed."""
    chosen = int(os.environ.get("BELLWIRE_STORM_SEED") or random.SystemRandom().randrange(1 << 32))
    sys.stdout.write(f"BELLWIRE_STORM_SEED={chosen}\n")
    return chosen


async def accept(service: Running, commands: Sequence[SendCommand]) -> dict[str, SendCommand]:
    """The commands by the id of the delivery that each became."""
    outcomes = await service.bellwire.sending.accept_many(commands, caller="storm")
    accepted = [outcome for outcome in outcomes if isinstance(outcome, Accepted)]
    assert len(accepted) == len(commands)
    return {one.delivery.id: command for one, command in zip(accepted, commands, strict=True)}


async def all_ended(service: Running) -> None:
    worker = service.bellwire.worker
    assert worker is not None
    recorded = worker.signals.recorded.listen()
    async with asyncio.timeout(PATIENCE):
        while sum(book.open for book in await service.bellwire.database.read(books.read)):
            await recorded.get()
            while not recorded.empty():
                recorded.get_nowait()


async def read_ended(service: Running, asked: dict[str, SendCommand]) -> list[Ended]:
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


async def the_books_balance(service: Running, ended: list[Ended]) -> None:
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


def faults_of(teams: Simulator) -> Faults:
    """What the simulator's script played."""
    of_text, of_person = defaultdict(list), defaultdict(list)
    for played in teams.faults.played:
        of_text[played.text].append(played)
        of_person[played.person].append(played)
    return Faults(of_text, of_person)


def arrived_as_often_as_was_played(teams: Simulator, one: Ended, hit: Sequence[Played]) -> None:
    """The message is in the chat once if it was sent, and once more for each fault that accepted it in spite."""
    arrived = len(teams.ledger.with_text(one.text))
    assert arrived == sum(played.accepted for played in hit) + (one.state is State.SENT), one
    assert arrived <= 1 or one.on_unknown is OnUnknown.RESEND, one


def nobody_was_hurried(ended: list[Ended]) -> None:
    """No tight loop: a refusal is followed by a wait, a remedy is tried once, and all of it has an end."""
    for one in ended:
        assert len(one.attempts) <= MOST_ATTEMPTS
        for earlier, later in zip(one.attempts, one.attempts[1:], strict=False):
            if earlier.outcome in ("retry", "unknown") and earlier.finished_at is not None:
                assert (later.started_at - earlier.finished_at).total_seconds() >= 0.99, one.text
