"""Who cannot be reached: refused, or waited for until they can."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Connection

from bellwire.model.delivery import IfUnreachable, State
from bellwire.model.outcome import Outcome, Sent, Undeliverable
from bellwire.model.posting import Posting
from bellwire.model.reason import Reason
from bellwire.model.reference import ReachState
from bellwire.store import queue, references

from .engine import NOW, Ear, Engine, person, reference

ANNA = person(1)
GONE = Undeliverable(Reason.UNINSTALLED, 403, "BotNotInConversationRoster")


def install(conn: Connection, engine: Engine) -> None:
    """The app is installed for Anna, as capture writes it."""
    references.put(conn, reference(ANNA, installed_at=engine.clock(), removed_at=None))
    queue.wake(conn, ANNA, engine.clock())


async def state_of_anna(engine: Engine) -> ReachState:
    known = await engine.database.read(lambda conn: references.get(conn, ANNA))
    assert known is not None
    return known.state


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (Reason.UNINSTALLED, ReachState.UNINSTALLED),
        (Reason.NOT_INSTALLED, ReachState.NOT_INSTALLED),
        (Reason.BLOCKED, ReachState.BLOCKED),
        (Reason.DISABLED_BY_ADMIN, ReachState.DISABLED),
    ],
)
async def test_what_teams_says_of_the_person_is_kept(engine: Engine, reason: Reason, expected: ReachState) -> None:
    await engine.knows(ANNA)
    engine.teams.plan = lambda _: Undeliverable(reason, 403)
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA)
    await recorded.hear(delivery_id)
    delivery = await engine.delivery(delivery_id)
    assert (delivery.state, delivery.reason) == (State.UNDELIVERABLE, reason)
    assert await state_of_anna(engine) is expected


async def test_teams_is_not_asked_again_about_someone_who_is_gone(engine: Engine) -> None:
    await engine.knows(ANNA)
    engine.teams.plan = lambda _: GONE
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    await recorded.hear(*await engine.accept(ANNA))
    (second,) = await engine.accept(ANNA)
    await recorded.hear(second)
    delivery = await engine.delivery(second)
    assert (delivery.state, delivery.reason, delivery.attempts) == (State.UNDELIVERABLE, Reason.UNINSTALLED, 0)
    assert len(engine.teams.postings) == 1


async def test_a_delivery_that_waits_goes_out_when_the_app_is_installed(engine: Engine) -> None:
    await engine.knows(ANNA)
    answers: list[Outcome] = [GONE, Sent("1:1")]
    engine.teams.plan = lambda _: answers.pop(0)
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA, if_unreachable=IfUnreachable.WAIT)
    await recorded.hear(delivery_id)
    delivery = await engine.delivery(delivery_id)
    assert (delivery.state, delivery.reason) == (State.WAITING, Reason.UNINSTALLED)
    assert (await engine.balance())["open"] == 1
    engine.clock.advance(3600.0)
    await engine.database.write(partial(install, engine=engine))
    await recorded.hear(delivery_id)
    delivery = await engine.delivery(delivery_id)
    assert (delivery.state, delivery.reason) == (State.SENT, None)


async def test_someone_found_gone_before_the_wire_is_waited_for_too(engine: Engine) -> None:
    await engine.knows(ANNA, removed_at=NOW)
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA, if_unreachable=IfUnreachable.WAIT)
    await recorded.hear(delivery_id)
    assert (await engine.delivery(delivery_id)).state is State.WAITING
    assert engine.teams.postings == []


async def test_an_install_while_teams_was_saying_no_is_not_missed(engine: Engine) -> None:
    """The install is newer than the request that was refused, so the refusal says nothing about now."""
    await engine.knows(ANNA)
    engine.teams.plan = None
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA, if_unreachable=IfUnreachable.WAIT)
    request = await engine.teams.request()
    engine.clock.advance(1.0)
    await engine.database.write(partial(install, engine=engine))
    request.answer(GONE)
    await recorded.hear(delivery_id)
    assert await state_of_anna(engine) is ReachState.REACHABLE
    delivery = await engine.delivery(delivery_id)
    assert delivery.state is State.QUEUED
    assert delivery.run_at <= engine.clock() + timedelta(seconds=5)


async def test_a_wake_up_that_nobody_gave_is_made_up_for(engine: Engine) -> None:
    await engine.knows(ANNA, removed_at=NOW)
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA, if_unreachable=IfUnreachable.WAIT)
    await recorded.hear(delivery_id)
    await engine.knows(ANNA)
    await worker._upkeep.round()
    await recorded.hear(delivery_id)
    assert (await engine.delivery(delivery_id)).state is State.SENT


async def test_many_such_wake_ups_are_made_up_for_in_one_write(engine: Engine) -> None:
    people = [person(number) for number in range(20)]
    await engine.knows(*people, removed_at=NOW)
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    ids = await engine.accept(*people, if_unreachable=IfUnreachable.WAIT)
    await recorded.hear(*ids)
    await engine.knows(*people)
    engine.teams.plan = None
    writes: list[int] = []
    engine.database.overheard(lambda number, _: writes.append(number))
    await worker._upkeep._sweep()
    assert sum(writes) < len(people)
    engine.teams.answer_all()
    await recorded.hear(*ids)


async def test_the_message_itself_being_refused_wakes_nobody(engine: Engine) -> None:
    await engine.knows(ANNA)

    def plan(posting: Posting) -> Outcome:
        assert posting.person == ANNA
        return Undeliverable(Reason.MESSAGE_REJECTED, 400, "BadArgument")

    engine.teams.plan = plan
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA, if_unreachable=IfUnreachable.WAIT)
    await recorded.hear(delivery_id)
    assert (await engine.delivery(delivery_id)).state is State.UNDELIVERABLE
    assert await state_of_anna(engine) is ReachState.REACHABLE
