"""What can be mended is mended, once each, and a crash in the middle forgets nothing."""

from __future__ import annotations

from bellwire.model.delivery import State
from bellwire.model.outcome import Halt, Heal, Opened, Outcome, Remedy, Retry, Sent, Step, Undeliverable
from bellwire.model.posting import Posting
from bellwire.model.reason import Reason
from bellwire.store import references

from .engine import SERVICE_URL, Ear, Engine, person

ANNA = person(1)
NEW_CHAT = "a:new"
NOT_FOUND = Heal(Remedy.OPEN_CHAT, Undeliverable(Reason.CONVERSATION_NOT_FOUND, 404), 404, "ConversationNotFound")
BAD_TOKEN = Heal(Remedy.NEW_TOKEN, Halt(Reason.TOKEN_REFUSED, 401), 401, "AuthorizationError")
WRONG_HOST = Heal(Remedy.SWITCH_HOST, Undeliverable(Reason.WRONG_HOST, 403), 403, "InvalidBotApiHost")


def after_a_deleted_chat(posting: Posting) -> Outcome:
    """Teams, when the person deleted the chat: only a chat opened anew is known."""
    if posting.step is Step.OPEN_CHAT:
        return Opened(NEW_CHAT, SERVICE_URL)
    return Sent("1:1") if posting.conversation_id == NEW_CHAT else NOT_FOUND


async def test_a_deleted_chat_is_opened_again_and_the_message_sent(engine: Engine) -> None:
    await engine.knows(ANNA)
    engine.teams.plan = after_a_deleted_chat
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA)
    await recorded.hear(delivery_id, delivery_id, delivery_id)
    delivery = await engine.delivery(delivery_id)
    assert (delivery.state, delivery.conversation_id, delivery.attempts) == (State.SENT, NEW_CHAT, 3)
    assert [attempt.outcome for attempt in await engine.attempts(delivery_id)] == ["heal", "opened", "sent"]
    known = await engine.database.read(lambda conn: references.get(conn, ANNA))
    assert known is not None
    assert known.conversation_id == NEW_CHAT


async def test_the_next_message_goes_to_the_new_chat_at_once(engine: Engine) -> None:
    await engine.knows(ANNA)
    engine.teams.plan = after_a_deleted_chat
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (first,) = await engine.accept(ANNA)
    await recorded.hear(first, first, first)
    (second,) = await engine.accept(ANNA)
    await recorded.hear(second)
    assert engine.teams.steps() == [Step.POST, Step.OPEN_CHAT, Step.POST, Step.POST]


async def test_a_chat_is_opened_again_only_once(engine: Engine) -> None:
    await engine.knows(ANNA)
    engine.teams.plan = lambda posting: Opened("a:2", SERVICE_URL) if posting.step is Step.OPEN_CHAT else NOT_FOUND
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA)
    await recorded.hear(delivery_id, delivery_id, delivery_id)
    delivery = await engine.delivery(delivery_id)
    assert (delivery.state, delivery.reason) == (State.UNDELIVERABLE, Reason.CONVERSATION_NOT_FOUND)
    assert engine.teams.steps() == [Step.POST, Step.OPEN_CHAT, Step.POST]


async def test_a_refused_token_is_renewed_once(engine: Engine) -> None:
    await engine.knows(ANNA)
    engine.teams.plan = lambda _: BAD_TOKEN if len(engine.teams.postings) == 1 else Sent("1:1")
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA)
    await recorded.hear(delivery_id, delivery_id)
    assert (await engine.delivery(delivery_id)).state is State.SENT


async def test_a_wrong_host_is_left_for_the_spare_one_which_is_kept(engine: Engine) -> None:
    spare = engine.teams.spare_service_url
    assert spare is not None
    await engine.knows(ANNA)
    engine.teams.plan = lambda posting: Sent("1:1") if posting.service_url == spare else WRONG_HOST
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA)
    await recorded.hear(delivery_id, delivery_id)
    delivery = await engine.delivery(delivery_id)
    assert (delivery.state, delivery.service_url) == (State.SENT, spare)
    known = await engine.database.read(lambda conn: references.get(conn, ANNA))
    assert known is not None
    assert (known.service_url, known.conversation_id) == (spare, f"a:{ANNA.aad_object_id}")


async def test_a_crash_in_the_middle_of_mending_goes_on_where_it_was(engine: Engine) -> None:
    await engine.knows(ANNA)
    engine.teams.plan = None
    first = await engine.start()
    recorded = Ear(first.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA)
    (await engine.teams.request()).answer(NOT_FOUND)
    await recorded.hear(delivery_id)
    await engine.teams.request()
    await engine.crash(first)
    engine.teams.plan = after_a_deleted_chat
    engine.clock.advance(100.0)
    second = await engine.start(heartbeat=5.0)
    recorded = Ear(second.signals.recorded)
    await recorded.hear(delivery_id, delivery_id)
    assert engine.teams.steps() == [Step.POST, Step.OPEN_CHAT, Step.OPEN_CHAT, Step.POST]
    assert (await engine.delivery(delivery_id)).state is State.SENT
    outcomes = [(attempt.outcome, attempt.code) for attempt in await engine.attempts(delivery_id)]
    assert outcomes == [
        ("heal", "ConversationNotFound"),
        ("retry", Reason.WORKER_LOST),
        ("opened", None),
        ("sent", None),
    ]


async def test_a_retry_in_the_middle_of_mending_opens_the_chat_later(engine: Engine) -> None:
    await engine.knows(ANNA)
    engine.teams.plan = None
    worker = await engine.start()
    recorded = Ear(worker.signals.recorded)
    (delivery_id,) = await engine.accept(ANNA)
    (await engine.teams.request()).answer(NOT_FOUND)
    (await engine.teams.request()).answer(Retry(503, "ServiceUnavailable", 2.0))
    await recorded.hear(delivery_id, delivery_id)
    assert (await engine.delivery(delivery_id)).state is State.QUEUED
    engine.clock.advance(2.0)
    worker.wake()
    assert (await engine.teams.request()).posting.step is Step.OPEN_CHAT
