"""2,000 deliveries by a flow in a storm of every fault at once: the books balance, and each end is true.

The seed is printed; BELLWIRE_STORM_SEED plays the same faults to the same messages again.
"""

from __future__ import annotations

import random
import uuid
from typing import Final

from bellwire.model.delivery import IfChatActive, OnUnknown, Priority, State
from bellwire.model.reason import Reason
from bellwire.model.recipient import Recipient, RecipientKind
from bellwire.service.command import Content, SendCommand, Terms
from bellwire.simulator import Flow, Simulator, faults
from bellwire.simulator.bot import Bot
from bellwire.simulator.faults import Deed, Fault
from bellwire.simulator.script import Played, Storm
from tests.storm.voyage import (
    Ended,
    Faults,
    accept,
    all_ended,
    arrived_as_often_as_was_played,
    faults_of,
    nobody_was_hurried,
    read_ended,
    seed,
    the_books_balance,
)
from tests.support.service import running

PEOPLE: Final = 500
EACH: Final = 4
PER_MINUTE: Final = 24_000
CHAT_ACTIVE_FOR: Final = 4
FAILED: Final = frozenset({500, 502, 504})
UNTOLD: Final = {202: Reason.FLOW_WITHOUT_RESPONSE, 200: Reason.FLOW_RESULT_UNREADABLE}
REFUSED: Final = {400: Reason.FLOW_REQUEST_REFUSED, 413: Reason.MESSAGE_TOO_BIG}
LOST: Final = {
    Deed.RESET: Reason.ANSWER_LOST,
    Deed.STALL: Reason.ANSWER_LOST,
    Deed.GARBLE: Reason.ANSWER_UNREADABLE,
}
OFTEN: Final[tuple[Fault, ...]] = (
    *(faults.answer(status, "NoResponse") for status in sorted(FAILED)),
    *(faults.answer(status, "NoResponse", accepted=True) for status in sorted(FAILED)),
    faults.answer(202, "NoResult"),
    faults.answer(202, "NoResult", accepted=True),
    faults.answer(200, "NoCode"),
    faults.answer(200, "NoCode", accepted=True),
    faults.answer(503),
    faults.answer(400, "TriggerInputSchemaMismatch"),
    faults.answer(413),
    faults.answer_lost(),
    faults.reset(),
    faults.garbled(),
    faults.stall(0.3),
    faults.stall(0.2, accepted=True, drop=True),
    faults.stall(0.2, drop=True),
    Fault(Deed.UNINSTALL),
    Fault(Deed.BEGIN_CHAT),
    Fault(Deed.END_CHAT),
)
SELDOM: Final[tuple[Fault, ...]] = (
    faults.throttled(1),
    faults.throttled(1, as_date=True),
    faults.throttled(),
    faults.answer(401, "DirectApiAuthorizationRequired"),
    Fault(Deed.REVOKE_TOKENS),
    faults.clock_jump(30.0),
    faults.clock_jump(-30.0),
)


async def test_a_storm_over_a_flow_leaves_nothing_unexplained(sqlite_url: str) -> None:
    chosen = seed()
    bot = Bot()
    async with Simulator(bot=bot) as teams:
        flow = teams.flows.add(Flow(bot, signature=None, callers={bot.app_id}, per_minute=PER_MINUTE))
        environment = {
            **teams.flows.settings("studio", flow, teams.url),
            "BELLWIRE_SENDERS__STUDIO__PER_MINUTE": str(PER_MINUTE),
            "BELLWIRE_WORKER__CHAT_ACTIVE_EVERY": "1",
            "BELLWIRE_WORKER__CHAT_ACTIVE_FOR": str(CHAT_ACTIVE_FOR),
        }
        async with running(sqlite_url, teams=teams, environment=environment) as service:
            asked = await accept(service, _commands(_introduce(flow, random.Random(chosen))))
            teams.faults.storm(storm(chosen))
            await all_ended(service)
            ended = await read_ended(service, asked)
            assert len(ended) == PEOPLE * EACH
            await the_books_balance(service, ended)
            _every_end_is_true(teams, ended)
            nobody_was_hurried(ended)
            assert not teams.flows.exceeded
            assert {entry.surface for entry in teams.ledger.entries} == {"agent"}


def storm(chosen: int) -> Storm:
    """Every fault at once. What pauses the whole sender is rare, since each time all wait for it."""
    return Storm(chosen, (*((0.01, fault) for fault in OFTEN), *((0.0003, fault) for fault in SELDOM)))


def _introduce(flow: Flow, lots: random.Random) -> list[str]:
    """People who have the agent."""
    people = [str(uuid.UUID(int=lots.getrandbits(128))) for _ in range(PEOPLE)]
    flow.installed.update(people)
    return people


def _commands(people: list[str]) -> list[SendCommand]:
    """Every second one is to be resent when in doubt, and two of four do not wait for a chat's end."""
    return [
        SendCommand(
            to=Recipient(RecipientKind.AAD_OBJECT_ID, person),
            content=Content(text=f"Storm warning {number} for {person}"),
            terms=Terms(
                sender="studio",
                priority=Priority(number % 3),
                on_unknown=list(OnUnknown)[number % 2],
                if_chat_active=list(IfChatActive)[number // 2],
            ),
        )
        for number in range(EACH)
        for person in people
    ]


def _every_end_is_true(teams: Simulator, ended: list[Ended]) -> None:
    met = faults_of(teams)
    for one in ended:
        arrived_as_often_as_was_played(teams, one, met.of_text[one.text])
        repeated = [each for each in one.attempts[:-1] if each.status in {*FAILED, 202} or each.code == "no_code"]
        assert not repeated, "a run that failed, or says nothing of itself, is not repeated"
        if one.state is not State.SENT:
            assert one.reason in _true_reasons(one, met), one


def _true_reasons(one: Ended, met: Faults) -> set[Reason]:
    """What may be said of a delivery: what the last fault did to its text, or what its person did before."""
    last = met.of_text[one.text][-1:]
    if one.state is State.UNKNOWN:
        return {reason for played in last if (reason := _lost(played, one.on_unknown)) is not None}
    deeds = {played.fault.deed for played in met.of_person[one.person]}
    true = {REFUSED[played.fault.status] for played in last if played.fault.status in REFUSED}
    true |= {Reason.AGENT_NOT_INSTALLED} if Deed.UNINSTALL in deeds else set()
    return true | ({Reason.CHAT_ACTIVE} if Deed.BEGIN_CHAT in deeds else set())


def _lost(played: Played, on_unknown: OnUnknown) -> Reason | None:
    fault = played.fault
    if fault.deed is Deed.ANSWER:
        return Reason.FLOW_RUN_FAILED if fault.status in FAILED else UNTOLD.get(fault.status or 0)
    if on_unknown is OnUnknown.RESEND or (fault.deed is Deed.STALL and not fault.drop):
        return None
    return LOST.get(fault.deed)
