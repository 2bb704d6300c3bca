"""10,000 deliveries in a storm of every fault at once: all are accounted for, each for a reason that is true.

The seed is printed; BELLWIRE_STORM_SEED plays the same faults to the same messages again.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Final

from bellwire.model.delivery import OnUnknown, Priority, State
from bellwire.model.outcome import Step
from bellwire.model.reason import Reason
from bellwire.model.recipient import Person, Recipient, RecipientKind
from bellwire.model.reference import ConversationReference, Source
from bellwire.service.command import Content, SendCommand, Terms
from bellwire.simulator import Limits, Simulator
from bellwire.simulator.limits import Window
from bellwire.simulator.script import Played
from bellwire.store import references
from tests.storm.voyage import (
    Ended,
    accept,
    all_ended,
    arrived_as_often_as_was_played,
    faults_of,
    nobody_was_hurried,
    read_ended,
    seed,
    the_books_balance,
)
from tests.storm.weather import ends, storm, suspensions
from tests.support.service import Running, running

PEOPLE: Final = 2_500
EACH: Final = 4
PER_SECOND: Final = 600


async def test_a_storm_of_every_fault_leaves_nothing_unexplained(sqlite_url: str) -> None:
    chosen = seed()
    async with _teams() as teams, _service(sqlite_url, teams) as service:
        people = await _introduce(service, random.Random(chosen))
        teams.faults.storm(storm(chosen))
        asked = await accept(service, _commands(people))
        await all_ended(service)
        ended = await read_ended(service, asked)
        assert len(ended) == PEOPLE * EACH
        await the_books_balance(service, ended)
        _every_end_is_true(teams, ended)
        nobody_was_hurried(ended)
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


def _commands(people: list[Person]) -> list[SendCommand]:
    """Every second one is to be resent when in doubt."""
    return [
        SendCommand(
            to=Recipient(RecipientKind.AAD_OBJECT_ID, person.aad_object_id),
            content=Content(text=f"Storm warning {number} for {person.aad_object_id}"),
            terms=Terms(priority=Priority(number % 3), on_unknown=list(OnUnknown)[number % 2]),
        )
        for number in range(EACH)
        for person in people
    ]


def _every_end_is_true(teams: Simulator, ended: list[Ended]) -> None:
    """What Bellwire says of a message agrees with Teams' ledger and with the faults that it met."""
    faults = faults_of(teams)
    for one in ended:
        hit = faults.of_text[one.text]
        arrived_as_often_as_was_played(teams, one, hit)
        if one.state is not State.SENT:
            assert one.state is State.UNDELIVERABLE or one.on_unknown is OnUnknown.HOLD, one
            true = _true_reasons(one, hit, faults.of_person[one.person])
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
