"""Whoever is waited for is written to when they can be reached, and never before the caller's time."""

from __future__ import annotations

from datetime import timedelta

from bellwire.model.delivery import Delivery, IfUnreachable, State
from bellwire.store import deliveries, queue

from .people import CALLER, NOW, Story, to, unknown


async def woken(story: Story, **terms: object) -> Delivery:
    """A delivery that waited for somebody, a minute after they could be reached."""
    person = unknown()
    command = to(person, if_unreachable=IfUnreachable.WAIT, **terms)
    delivery = (await story.sending.accept(command, caller=CALLER)).delivery
    story.passes(minutes=1)
    await story.database.write(lambda conn: queue.wake(conn, person, story.now))
    found = await story.database.read(lambda conn: deliveries.get(conn, delivery.id))
    assert found is not None
    return found


async def test_it_is_due_at_once_when_its_time_has_come(story: Story) -> None:
    delivery = await woken(story, send_at=NOW + timedelta(seconds=1))
    assert (delivery.state, delivery.reason, delivery.run_at) == (State.QUEUED, None, NOW + timedelta(minutes=1))


async def test_it_is_not_due_before_its_time(story: Story) -> None:
    delivery = await woken(story, send_at=NOW + timedelta(hours=1))
    assert (delivery.state, delivery.run_at) == (State.QUEUED, NOW + timedelta(hours=1))


async def test_a_time_that_has_passed_overtakes_nobody(story: Story) -> None:
    command = to(await story.someone(), send_at=NOW - timedelta(days=1))
    assert (await story.sending.accept(command, caller=CALLER)).delivery.run_at == NOW
