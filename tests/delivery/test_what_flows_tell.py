"""What a flow tells of a person is remembered: newest word first, believed for an hour, and then asked again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bellwire.delivery.upkeep import SWEEP_EVERY
from bellwire.model.agent_chat import ABSENCE_HOLDS, AgentChat, flow_reach
from bellwire.model.delivery import IfChatActive, IfUnreachable, State
from bellwire.model.outcome import Outcome, Retry, Sent, Undeliverable
from bellwire.model.pacing import Window
from bellwire.model.posting import Posting
from bellwire.model.reach import Obstacle, Reachable, Way
from bellwire.model.reason import Reason
from bellwire.store import agent_chats
from bellwire.store.database import Database

from .engine import NOW, Ear, Engine, Script, person

FLOWS = {"alerts": Window(60_000, 60.0)}
ANNA = person(1)
HOUR = timedelta(hours=1)


def lacking(posting: Posting) -> Outcome:
    return Undeliverable(Reason.AGENT_NOT_INSTALLED, 200, "100")


@pytest.mark.parametrize(
    ("delivered", "absent", "reached"),
    [
        (None, NOW, False),
        (NOW - HOUR, NOW, False),
        (NOW, NOW, True),
        (NOW, NOW - HOUR, True),
        (None, NOW - ABSENCE_HOLDS, True),
        (NOW, None, True),
    ],
)
def test_the_newest_word_counts_and_an_absence_for_an_hour(delivered: object, absent: object, reached: bool) -> None:
    chat = AgentChat(person=ANNA, delivered_at=delivered, absent_at=absent)  # type: ignore[arg-type]  # from a table
    expected = Reachable(Way.FLOW) if reached else Obstacle(Reason.AGENT_NOT_INSTALLED)
    assert flow_reach(chat, NOW) == expected
    assert flow_reach(None, NOW) == Reachable(Way.FLOW)


async def test_what_was_told_may_be_written_down_in_any_order(database: Database) -> None:
    told = [AgentChat(person=ANNA, absent_at=NOW), AgentChat(person=ANNA, delivered_at=NOW - HOUR)]
    for chat in (*told, AgentChat(person=ANNA, absent_at=NOW - HOUR)):
        await database.write(lambda conn, chat=chat: agent_chats.learn(conn, [chat]))  # type: ignore[misc]  # a default
    found = await database.read(lambda conn: agent_chats.get_many(conn, [ANNA]))
    assert found[ANNA] == AgentChat(person=ANNA, absent_at=NOW, delivered_at=NOW - HOUR)


async def test_who_waits_for_the_agent_is_tried_again_after_an_hour(engine: Engine) -> None:
    flow = Script(lacking)
    worker = await engine.start(senders={"alerts": flow}, flows=FLOWS, heartbeat=0.05)
    recorded = Ear(worker.signals.recorded)
    (waiting,) = await engine.accept(ANNA, if_unreachable=IfUnreachable.WAIT)
    worker.wake()
    await recorded.hear(waiting)
    assert (await engine.delivery(waiting)).state is State.WAITING

    flow.plan = lambda posting: Sent("17")
    engine.clock.advance(ABSENCE_HOLDS.total_seconds())
    rounds = Ear(worker.signals.upkeep)
    while (await engine.delivery(waiting)).state is State.WAITING:
        assert int(str(await rounds.next())) <= 2 * SWEEP_EVERY
    await recorded.hear(waiting)
    assert (await engine.delivery(waiting)).state is State.SENT
    assert len(flow.postings) == 2


async def test_others_of_the_same_person_are_not_sent_while_the_absence_is_believed(engine: Engine) -> None:
    flow = Script(lacking)
    worker = await engine.start(senders={"alerts": flow}, flows=FLOWS)
    recorded = Ear(worker.signals.recorded)
    (first,) = await engine.accept(ANNA)
    worker.wake()
    await recorded.hear(first)
    ids = await engine.accept(ANNA, ANNA)
    worker.wake()
    await recorded.hear(*ids)
    assert len(flow.postings) == 1
    found = [await engine.delivery(each) for each in ids]
    assert {(each.state, each.reason) for each in found} == {(State.UNDELIVERABLE, Reason.AGENT_NOT_INSTALLED)}


async def test_an_active_chat_is_waited_for_a_minute_at_a_time_and_not_for_ever(engine: Engine) -> None:
    flow = Script(lambda posting: Retry(200, "300", chat_active=True))
    worker = await engine.start(senders={"alerts": flow}, flows=FLOWS)
    recorded = Ear(worker.signals.recorded)
    patient, hasty = await engine.accept(ANNA), await engine.accept(person(2), if_chat_active=IfChatActive.GIVE_UP)
    worker.wake()
    await recorded.hear(*patient, *hasty)
    assert (await engine.delivery(hasty[0])).reason is Reason.CHAT_ACTIVE
    assert (await engine.delivery(patient[0])).run_at == NOW + timedelta(seconds=60)
    engine.clock.advance(3_600)
    worker.wake()
    await recorded.hear(*patient)
    ended = await engine.delivery(patient[0])
    assert (ended.state, ended.reason, ended.attempts) == (State.UNDELIVERABLE, Reason.CHAT_ACTIVE, 2)
