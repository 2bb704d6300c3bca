"""A sender that cannot send stands still with its queue, and goes on when it can."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

from bellwire.model.delivery import State
from bellwire.model.outcome import Halt, Outcome, Sent
from bellwire.model.reason import Reason
from bellwire.store import lanes

from .engine import NOW, OTHER_TENANT, Ear, Engine, person

PEOPLE = [person(number) for number in range(5)] + [person(9, tenant=OTHER_TENANT)]
STOP = Halt(Reason.BOT_NOT_REGISTERED, 401, "BotNotRegistered")


async def halted(engine: Engine) -> list[str]:
    """Teams does not know the bot: the queue stands still."""
    await engine.knows(*PEOPLE)
    engine.teams.plan = lambda _: STOP
    worker = await engine.start(seats=1)
    heard, recorded = Ear(worker.signals.halted), Ear(worker.signals.recorded)
    ids = await engine.accept(*PEOPLE)
    assert await heard.next() == "alerts"
    await recorded.next()
    return ids


async def test_the_queue_is_kept_and_the_reason_can_be_asked_for(engine: Engine) -> None:
    ids = await halted(engine)
    await engine.workers[0].stop()
    assert {(await engine.delivery(each)).state for each in ids} == {State.QUEUED}
    assert len(engine.teams.postings) == 1
    (halt,) = await engine.database.read(lanes.halted)
    assert (halt.sender, halt.reason, halt.halted_at) == ("alerts", Reason.BOT_NOT_REGISTERED, NOW)
    assert halt.probe_at == NOW + timedelta(seconds=30)
    assert (await engine.balance())["open"] == len(ids)


async def test_what_comes_meanwhile_is_kept_too(engine: Engine) -> None:
    await halted(engine)
    (late,) = await engine.accept(PEOPLE[0])
    await engine.workers[0].stop()
    assert (await engine.delivery(late)).state is State.QUEUED
    assert len(engine.teams.postings) == 1


async def test_a_restart_tries_one_and_lets_all_go_if_it_succeeds(engine: Engine) -> None:
    ids = await halted(engine)
    await engine.workers[0].stop()
    engine.teams.plan = None
    worker = await engine.start()
    recorded, resumed = Ear(worker.signals.recorded), Ear(worker.signals.resumed)
    probe = await engine.teams.request()
    worker.wake()
    await asyncio.sleep(0)
    assert engine.teams.requests.empty()
    engine.teams.plan = lambda _: Sent("1:1")
    probe.answer()
    assert await resumed.next() == "alerts"
    await recorded.hear(*ids)
    assert {(await engine.delivery(each)).state for each in ids} == {State.SENT}
    assert await engine.database.read(lanes.halted) == []


async def test_a_probe_that_fails_puts_off_the_next_one_and_burns_no_tries(engine: Engine) -> None:
    ids = await halted(engine)
    await engine.workers[0].stop()
    engine.clock.advance(100.0)
    worker = await engine.start()
    assert await Ear(worker.signals.halted).next() == "alerts"
    await Ear(worker.signals.recorded).next()
    (halt,) = await engine.database.read(lanes.halted)
    assert halt.halted_at == NOW
    assert halt.probe_at == NOW + timedelta(seconds=200)
    assert len(engine.teams.postings) == 2
    assert sum([(await engine.delivery(each)).attempts for each in ids]) == 2


async def test_an_operator_can_let_it_go_on_at_once(engine: Engine) -> None:
    ids = await halted(engine)
    worker = engine.workers[0]
    recorded = Ear(worker.signals.recorded)
    engine.teams.plan = lambda _: Sent("1:1")
    assert await engine.database.write(partial(lanes.resume, sender="alerts"))
    await recorded.hear(*ids)
    assert (await engine.balance())["sent"] == len(ids)


async def test_another_sender_goes_on(engine: Engine) -> None:
    answers: dict[str, Outcome] = {"alerts": STOP, "news": Sent("1:1")}
    other = PEOPLE[0].__class__("news", PEOPLE[0].tenant_id, PEOPLE[0].aad_object_id)
    await engine.knows(PEOPLE[0], other)
    engine.teams.plan = lambda posting: answers[posting.person.sender]
    worker = await engine.start(senders={"alerts": engine.teams, "news": engine.teams})
    recorded, heard = Ear(worker.signals.recorded), Ear(worker.signals.halted)
    await engine.accept(PEOPLE[0])
    await heard.next()
    (free,) = await engine.accept(other)
    await recorded.hear(free)
    assert (await engine.delivery(free)).state is State.SENT


async def test_a_sender_that_is_not_configured_keeps_its_queue(engine: Engine) -> None:
    stranger = PEOPLE[0].__class__("retired", PEOPLE[0].tenant_id, PEOPLE[0].aad_object_id)
    await engine.knows(PEOPLE[0], stranger)
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (kept,) = await engine.accept(stranger)
    await recorded.hear(*await engine.accept(PEOPLE[0]))
    assert (await engine.delivery(kept)).state is State.QUEUED
