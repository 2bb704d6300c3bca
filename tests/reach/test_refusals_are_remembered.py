"""Teams would not open somebody's chat: that is told to callers for a day, and asked anew before only for a reason."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bellwire.app import utc_now
from bellwire.model.delivery import State
from tests.support.service import HandClock, Running, running

from .scenes import refused, said, send, steps

REFUSED = [("open_chat", "undeliverable")]
REACHED = [("open_chat", "opened"), ("post", "sent")]


@pytest.fixture
def clock() -> HandClock:
    return HandClock(utc_now())


@pytest.fixture
async def at_work(database_url: str, clock: HandClock) -> AsyncIterator[Running]:
    async with running(database_url, clock=clock) as service:
        yield service


async def test_teams_is_asked_once_a_day(at_work: Running, clock: HandClock) -> None:
    adele = at_work.teams.person("Adele")
    await adele.say("Hello", on="copilot")
    adele.presence.acquired = False
    clock.now += timedelta(seconds=1)
    done = await send(at_work, adele)
    assert (done.state, done.reason, steps(done)) == (State.UNDELIVERABLE, "not_installed", REFUSED)
    clock.now += timedelta(hours=23)
    assert (await refused(at_work, adele)).code == "not_installed"
    clock.now += timedelta(hours=2)
    assert steps(await send(at_work, adele)) == REFUSED
    assert (await refused(at_work, adele)).code == "not_installed"


async def test_whoever_uses_copilot_again_is_tried_at_once(at_work: Running, clock: HandClock) -> None:
    adele = at_work.teams.person("Adele")
    await adele.say("Hello", on="copilot")
    adele.presence.acquired = False
    clock.now += timedelta(seconds=1)
    waits = await send(at_work, adele, if_unreachable="wait")
    assert (waits.state, waits.reason) == (State.WAITING, "not_installed")
    clock.now += timedelta(minutes=1)
    at_work.teams.clock.jump(30.0)
    await adele.say("Hello again", on="copilot")
    done = await at_work.client.wait(waits.id)
    assert (done.state, steps(done)) == (State.SENT, [*REFUSED, *REACHED])
    assert len(said(adele)) == 1


async def test_what_waits_is_tried_again_after_a_day(at_work: Running, clock: HandClock) -> None:
    adele = at_work.teams.person("Adele")
    await adele.say("Hello", on="copilot")
    adele.presence.acquired = False
    clock.now += timedelta(seconds=1)
    waits = await send(at_work, adele, if_unreachable="wait")
    adele.presence.acquired = True
    clock.now += timedelta(hours=25)
    await at_work.worker._upkeep._sweep()
    assert (await at_work.client.wait(waits.id)).state == State.SENT
