"""What has not gone out is changed at once; what was sent is changed by the worker; what cannot be is said why."""

from __future__ import annotations

import pytest

from bellwire.errors import Conflict, InvalidInput, NotFound
from bellwire.model.delivery import State
from bellwire.model.outcome import Step
from bellwire.service.amending import Amending
from bellwire.service.command import Content
from bellwire.service.deliveries import Deliveries
from bellwire.store import deliveries, messages

from .people import CALLER, Story, to

NOBODY = "01932f6e-7c1a-7b3e-9d41-0f6e2c1b5a77"
OTHER = Content(text="The build is red.")


@pytest.fixture
def amending(story: Story) -> Amending:
    return Amending(story.database, lambda: story.now)


async def queued(story: Story) -> str:
    return (await story.sending.accept(to(await story.someone()), caller=CALLER)).delivery.id


async def test_what_waits_says_something_else_when_it_goes_out(story: Story, amending: Amending) -> None:
    delivery_id = await queued(story)
    story.passes(seconds=1)
    told = await amending.change(delivery_id, OTHER)
    message = await story.database.read(lambda conn: messages.get(conn, told.delivery.message_id))
    assert message is not None
    assert (message.text, told.delivery.state, told.delivery.changed_at) == (OTHER.text, State.QUEUED, story.now)
    assert told.amendments == []


async def test_what_was_sent_is_changed_by_the_worker(story: Story, amending: Amending) -> None:
    delivery_id = await story.sent(await queued(story))
    told = await amending.change(delivery_id, OTHER)
    assert [(each.step, each.progress) for each in told.amendments] == [(Step.CHANGE, "queued")]
    assert await Deliveries(story.database, lambda: story.now).get(delivery_id) == told


async def test_the_newest_wish_counts(story: Story, amending: Amending) -> None:
    delivery_id = await story.sent(await queued(story))
    await amending.change(delivery_id, OTHER)
    story.passes(seconds=1)
    told = await amending.take_back(delivery_id)
    assert [(each.step, each.progress) for each in told.amendments] == [
        (Step.CHANGE, "superseded"),
        (Step.TAKE_BACK, "queued"),
    ]
    with pytest.raises(Conflict) as refused:
        await amending.change(delivery_id, OTHER)
    assert refused.value.code == "taken_back"
    assert len((await amending.take_back(delivery_id)).amendments) == 2


async def test_taking_back_what_waits_cancels_it(story: Story, amending: Amending) -> None:
    delivery_id = await queued(story)
    told = await amending.take_back(delivery_id)
    assert told.delivery.state is State.CANCELLED
    assert (await amending.take_back(delivery_id)).delivery == told.delivery


async def test_what_ended_without_being_sent_cannot_be_changed_and_nothing_is_left_behind(
    story: Story, amending: Amending
) -> None:
    delivery_id = await queued(story)
    cancelled = await amending.take_back(delivery_id)
    with pytest.raises(Conflict) as refused:
        await amending.change(delivery_id, OTHER)
    found = await story.database.read(lambda conn: deliveries.get(conn, delivery_id))
    assert (refused.value.code, found) == ("never_sent", cancelled.delivery)


async def test_what_is_wrong_or_unknown_is_refused(amending: Amending) -> None:
    with pytest.raises(InvalidInput):
        await amending.change(NOBODY, Content(text=""))
    with pytest.raises(NotFound):
        await amending.change(NOBODY, OTHER)
    with pytest.raises(NotFound):
        await amending.take_back(NOBODY)
