"""One message to many people: everybody who can be reached gets a delivery, everybody else is named with the reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bellwire.errors import IdempotencyConflict, InvalidInput, TenantNotAllowed
from bellwire.model.delivery import IfUnreachable, Priority, State
from bellwire.model.reason import Reason
from bellwire.model.recipient import Person
from bellwire.model.surface import Surface
from bellwire.service.bulk import MOST_RECIPIENTS, BulkCommand, BulkSending
from bellwire.service.command import Content, Terms
from bellwire.service.deliveries import Deliveries, Filter
from bellwire.store import books, messages

from .people import CALLER, NOW, OTHER_TENANT, SENDERS, Story, to, unknown


@pytest.fixture
def bulk(story: Story) -> BulkSending:
    return BulkSending(story.database, SENDERS, story.who, lambda: story.now)


def everybody(*people: Person, **terms: Any) -> BulkCommand:
    return BulkCommand(
        to=[person.aad_object_id for person in people], content=Content(text="Hello"), terms=Terms(**terms)
    )


async def test_those_who_can_be_reached_are_queued_and_the_others_named(story: Story, bulk: BulkSending) -> None:
    here, copilot = await story.someone(), await story.seen(Surface.COPILOT)
    gone = await story.someone(removed_at=NOW + timedelta(minutes=1))
    group, nobody = await story.seen(Surface.TEAMS_GROUP), unknown()
    answer = await bulk.accept(everybody(here, gone, copilot, group, nobody, here), caller=CALLER)
    assert (answer.accepted, answer.waiting, answer.duplicates) == (2, 0, 1)
    assert answer.refused == {
        gone.aad_object_id: Reason.UNINSTALLED,
        group.aad_object_id: Reason.SEEN_ELSEWHERE_ONLY,
        nobody.aad_object_id: Reason.NEVER_SEEN,
    }
    found = await Deliveries(story.database, lambda: story.now).page(Filter(message_id=answer.message_id))
    assert {each.person for each in found} == {here, copilot}
    (book,) = await story.database.read(books.read)
    assert (book.accepted, book.open) == (2, 2)


async def test_every_delivery_has_all_the_terms_and_the_one_message(story: Story, bulk: BulkSending) -> None:
    terms: dict[str, Any] = {
        "priority": Priority.BULK,
        "send_at": NOW + timedelta(hours=1),
        "expires_at": NOW + timedelta(hours=2),
        "if_unreachable": IfUnreachable.WAIT,
        "reference": "canteen",
    }
    people = [await story.someone(), await story.someone(), unknown()]
    answer = await bulk.accept(everybody(*people, **terms), caller=CALLER)
    alone = [(await story.sending.accept(to(person, **terms), caller=CALLER)).delivery for person in people]
    together = await Deliveries(story.database, lambda: story.now).page(Filter(message_id=answer.message_id))
    by_person = {each.person: each for each in together}
    for one in alone:
        same = by_person[one.person]
        for name in (
            "state",
            "reason",
            "priority",
            "run_at",
            "expires_at",
            "recipient",
            "caller_reference",
            "on_unknown",
        ):
            assert getattr(same, name) == getattr(one, name)
    assert (answer.accepted, answer.waiting) == (3, 1)
    message = await story.database.read(lambda conn: messages.get(conn, answer.message_id))
    assert message is not None
    assert message.text == "Hello"


async def test_the_same_key_is_answered_the_same_and_sends_once(story: Story, bulk: BulkSending) -> None:
    command = everybody(await story.someone(), unknown())
    first = await bulk.accept(command, caller=CALLER, idempotency_key="k")
    again = await bulk.accept(command, caller=CALLER, idempotency_key="k")
    (book,) = await story.database.read(books.read)
    assert (first.replayed, again.replayed, book.accepted) == (False, True, 1)
    assert (again.message_id, again.accepted, again.refused) == (first.message_id, first.accepted, first.refused)
    with pytest.raises(IdempotencyConflict):
        await bulk.accept(everybody(unknown()), caller=CALLER, idempotency_key="k")


async def test_if_nobody_can_be_reached_nothing_is_stored(story: Story, bulk: BulkSending) -> None:
    answer = await bulk.accept(everybody(unknown(), unknown()), caller=CALLER)
    assert (answer.accepted, len(answer.refused)) == (0, 2)
    assert await story.database.read(books.read) == []
    assert await story.database.read(lambda conn: messages.get(conn, answer.message_id)) is None


@pytest.mark.parametrize(
    ("ids", "field"), [([], "to"), (["x"] * (MOST_RECIPIENTS + 1), "to"), ([unknown().aad_object_id, "x"], "to.1")]
)
async def test_what_is_wrong_is_named(bulk: BulkSending, ids: list[str], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await bulk.accept(BulkCommand(to=ids, content=Content(text="Hello")), caller=CALLER)
    assert refused.value.field == field


async def test_the_tenant_is_the_one_named_and_has_to_be_allowed(story: Story, bulk: BulkSending) -> None:
    person = unknown().aad_object_id
    there = BulkCommand(to=[person], content=Content(text="Hello"), tenant_id=OTHER_TENANT.upper())
    stranger = BulkCommand(to=[person], content=Content(text="Hello"), tenant_id=person)
    assert (await bulk.accept(there, caller=CALLER)).refused == {person: Reason.NEVER_SEEN}
    with pytest.raises(TenantNotAllowed):
        await bulk.accept(stranger, caller=CALLER)


async def test_thousands_are_taken_at_once(story: Story, bulk: BulkSending) -> None:
    people = [unknown() for _ in range(9_000)]
    answer = await bulk.accept(everybody(*people, if_unreachable=IfUnreachable.WAIT), caller=CALLER)
    (book,) = await story.database.read(lambda conn: books.read(conn))
    assert (answer.accepted, answer.waiting, book.accepted) == (9_000, 9_000, 9_000)
    assert await story.database.read(books.audit) == []
    some = await Deliveries(story.database, lambda: story.now).page(Filter(state=State.WAITING), limit=3)
    assert [each.message_id for each in some] == [answer.message_id] * 3
