"""The same key and command are done once and answered the same: at once, later, after a restart."""

from __future__ import annotations

import asyncio

import pytest

from bellwire.errors import IdempotencyConflict, Unreachable
from bellwire.model.delivery import IfUnreachable, State
from bellwire.service.send import Sending
from bellwire.store import deliveries
from bellwire.store.database import Database

from .people import CALLER, NOW, SENDERS, Story, to, unknown


async def test_a_replay_gives_the_first_delivery_and_makes_no_other(story: Story) -> None:
    command = to(await story.someone())
    first = await story.sending.accept(command, caller=CALLER, idempotency_key="k")
    story.passes(hours=23)
    again = await story.sending.accept(command, caller=CALLER, idempotency_key="k")
    assert (first.replayed, again.replayed) == (False, True)
    assert again.delivery == first.delivery
    assert len(await story.database.read(deliveries.page)) == 1


async def test_a_replay_is_answered_as_the_first_time_whatever_has_happened_since(story: Story) -> None:
    command = to(await story.someone(), send_at=NOW)
    first = await story.sending.accept(command, caller=CALLER, idempotency_key="k")
    await story.database.write(lambda conn: deliveries.cancel(conn, first.delivery.id, NOW))
    again = await story.sending.accept(command, caller=CALLER, idempotency_key="k")
    assert again.delivery == first.delivery
    assert again.delivery.state is State.QUEUED


async def test_a_replay_needs_nobody_to_be_reachable_any_more(story: Story) -> None:
    person = await story.someone()
    first = await story.sending.accept(to(person), caller=CALLER, idempotency_key="k")
    await story.leaves(person)
    assert (await story.sending.accept(to(person), caller=CALLER, idempotency_key="k")).delivery == first.delivery


async def test_a_waiting_delivery_is_replayed_as_waiting(story: Story) -> None:
    command = to(unknown(), if_unreachable=IfUnreachable.WAIT)
    first = await story.sending.accept(command, caller=CALLER, idempotency_key="k")
    again = await story.sending.accept(command, caller=CALLER, idempotency_key="k")
    assert again.delivery == first.delivery
    assert again.delivery.state is State.WAITING


async def test_another_command_with_the_same_key_is_a_conflict(story: Story) -> None:
    person = await story.someone()
    await story.sending.accept(to(person), caller=CALLER, idempotency_key="k")
    with pytest.raises(IdempotencyConflict):
        await story.sending.accept(to(person, reference="other"), caller=CALLER, idempotency_key="k")


async def test_every_caller_has_keys_of_their_own(story: Story) -> None:
    command = to(await story.someone())
    ours = await story.sending.accept(command, caller=CALLER, idempotency_key="k")
    theirs = await story.sending.accept(command, caller="key-2", idempotency_key="k")
    assert ours.delivery.id != theirs.delivery.id


async def test_a_key_is_forgotten_after_24_hours(story: Story) -> None:
    command = to(await story.someone())
    first = await story.sending.accept(command, caller=CALLER, idempotency_key="k")
    story.passes(hours=24)
    assert (await story.sending.accept(command, caller=CALLER, idempotency_key="k")).delivery.id != first.delivery.id


async def test_a_refusal_keeps_no_key_so_that_the_same_request_may_succeed_later(story: Story) -> None:
    person = unknown()
    with pytest.raises(Unreachable):
        await story.sending.accept(to(person), caller=CALLER, idempotency_key="k")
    here = await story.someone()
    accepted = await story.sending.accept(to(here), caller=CALLER, idempotency_key="k")
    assert not accepted.replayed


async def test_of_many_at_once_one_is_done_and_all_are_answered_the_same(story: Story) -> None:
    command = to(await story.someone())
    answers = await asyncio.gather(
        *(story.sending.accept(command, caller=CALLER, idempotency_key="k") for _ in range(20))
    )
    assert len({answer.delivery.id for answer in answers}) == 1
    assert sum(not answer.replayed for answer in answers) == 1
    assert len(await story.database.read(deliveries.page)) == 1


async def test_two_processes_at_once_do_it_once(database: Database, database_url: str) -> None:
    story = Story(database)
    command = to(await story.someone())
    other = Database(database_url)
    await other.start()
    try:
        elsewhere = Sending(other, SENDERS, story.who, lambda: NOW)
        both = await asyncio.gather(
            *(each.accept(command, caller=CALLER, idempotency_key="k") for each in (story.sending, elsewhere) * 5)
        )
    finally:
        await other.close()
    assert len({answer.delivery.id for answer in both}) == 1
    assert sum(not answer.replayed for answer in both) == 1


async def test_a_restart_forgets_no_key(story: Story) -> None:
    command = to(await story.someone())
    first = await story.sending.accept(command, caller=CALLER, idempotency_key="k")
    after = Sending(story.database, SENDERS, story.who, lambda: NOW)
    assert (await after.accept(command, caller=CALLER, idempotency_key="k")).delivery == first.delivery
