"""A delivery is stopped before it goes out, and tried again after it ended badly; asking twice does it once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bellwire.errors import Conflict, NotFound, Unreachable
from bellwire.model.delivery import IfUnreachable, State
from bellwire.model.reason import Reason
from bellwire.service.deliveries import Deliveries, Filter
from bellwire.service.send import Sending
from bellwire.service.senders import Senders
from bellwire.store import books
from bellwire.store import deliveries as stored

from .people import CALLER, NOW, TENANT, Story, to

NOBODY = "01932f6e-7c1a-7b3e-9d41-0f6e2c1b5a77"


@pytest.fixture
def deliveries(story: Story) -> Deliveries:
    return Deliveries(story.database, lambda: story.now)


async def cancelled(story: Story, **terms: object) -> str:
    """A delivery that ended without being sent."""
    terms.setdefault("if_unreachable", IfUnreachable.WAIT)
    delivery = (await story.sending.accept(to(await story.someone(), **terms), caller=CALLER)).delivery
    await story.database.write(lambda conn: stored.cancel(conn, delivery.id, story.now))
    return delivery.id


async def test_a_queued_delivery_is_cancelled_and_the_books_say_so(story: Story, deliveries: Deliveries) -> None:
    delivery = (await story.sending.accept(to(await story.someone()), caller=CALLER)).delivery
    told = await deliveries.cancel(delivery.id)
    (book,) = await story.database.read(books.read)
    assert (told.delivery.state, told.delivery.reason, told.attempts) == (State.CANCELLED, Reason.CANCELLED, [])
    assert (book.accepted, book.cancelled, book.open) == (1, 1, 0)


async def test_cancelling_twice_is_cancelling_once(story: Story, deliveries: Deliveries) -> None:
    delivery_id = await cancelled(story)
    found = (await deliveries.cancel(delivery_id)).delivery
    (book,) = await story.database.read(books.read)
    assert (found.state, book.cancelled) == (State.CANCELLED, 1)


async def test_what_does_not_exist_cannot_be_asked_for_cancelled_or_sent_again(
    story: Story, deliveries: Deliveries
) -> None:
    with pytest.raises(NotFound):
        await deliveries.get(NOBODY)
    with pytest.raises(NotFound):
        await deliveries.cancel(NOBODY)
    with pytest.raises(NotFound):
        await story.sending.resend(NOBODY, caller=CALLER)


async def test_a_resend_is_a_new_delivery_of_the_same_message_that_names_the_old_one(
    story: Story, deliveries: Deliveries
) -> None:
    old_id = await cancelled(story, reference="r", expires_at=NOW + timedelta(hours=1))
    old = (await deliveries.get(old_id)).delivery
    new = (await story.sending.resend(old.id, caller=CALLER)).delivery
    assert (new.resend_of, new.message_id, new.caller_reference) == (old.id, old.message_id, "r")
    assert (new.state, new.expires_at) == (State.QUEUED, old.expires_at)
    assert (await deliveries.get(old.id)).delivery == old


async def test_a_resend_after_the_expiry_has_no_expiry(story: Story) -> None:
    old = await cancelled(story, expires_at=NOW + timedelta(minutes=1))
    story.passes(minutes=2)
    assert (await story.sending.resend(old, caller=CALLER)).delivery.expires_at is None


async def test_asking_twice_for_a_resend_sends_once(story: Story) -> None:
    old = await cancelled(story)
    first = await story.sending.resend(old, caller=CALLER)
    again = await story.sending.resend(old, caller=CALLER)
    assert (again.delivery, again.replayed) == (first.delivery, True)


async def test_what_is_not_over_is_not_sent_again(story: Story) -> None:
    delivery = (await story.sending.accept(to(await story.someone()), caller=CALLER)).delivery
    with pytest.raises(Conflict) as refused:
        await story.sending.resend(delivery.id, caller=CALLER)
    assert refused.value.code == "still_open"


async def test_a_resend_to_someone_who_is_gone_is_refused_and_leaves_nothing(
    story: Story, deliveries: Deliveries
) -> None:
    old = (await story.sending.accept(to(await story.someone()), caller=CALLER)).delivery
    await deliveries.cancel(old.id)
    await story.leaves(old.person)
    with pytest.raises(Unreachable) as refused:
        await story.sending.resend(old.id, caller=CALLER)
    assert refused.value.code == Reason.UNINSTALLED
    assert len(await deliveries.page(Filter())) == 1


async def test_a_resend_as_a_sender_that_is_gone_is_refused(story: Story) -> None:
    old = await cancelled(story)
    without = Sending(story.database, Senders({"news": TENANT}, None, frozenset({TENANT})), story.who, lambda: NOW)
    with pytest.raises(NotFound) as refused:
        await without.resend(old, caller=CALLER)
    assert refused.value.code == "sender_unknown"


async def test_pages_go_from_the_newest_to_the_oldest_without_gaps(story: Story, deliveries: Deliveries) -> None:
    person = await story.someone()
    made = []
    for _ in range(5):
        story.passes(seconds=1)
        made.append((await story.sending.accept(to(person), caller=CALLER)).delivery.id)
    first = await deliveries.page(Filter(), limit=3)
    rest = await deliveries.page(Filter(), after=first[-1].id, limit=3)
    assert [each.id for each in [*first, *rest]] == made[::-1]


async def test_every_filter_filters(story: Story, deliveries: Deliveries) -> None:
    kept = (await story.sending.accept(to(await story.someone()), caller=CALLER)).delivery
    await cancelled(story)
    person = kept.person
    for wanted in (
        Filter(state=State.QUEUED),
        Filter(aad_object_id=person.aad_object_id),
        Filter(sender=person.sender, tenant_id=person.tenant_id, state=State.QUEUED),
    ):
        assert await deliveries.page(wanted) == [kept]
    for wanted in (Filter(sender="news"), Filter(tenant_id="nowhere"), Filter(state=State.SENT)):
        assert await deliveries.page(wanted) == []
