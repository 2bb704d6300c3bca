"""The one pure decision: every outcome, every step, every policy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bellwire.delivery.decision import Address, Case, Decision, Pause, decide
from bellwire.delivery.history import History
from bellwire.model.delivery import TRANSITIONS, IfUnreachable, OnUnknown, State
from bellwire.model.outcome import (
    Halt,
    Heal,
    Opened,
    Outcome,
    Remedy,
    Retry,
    Scope,
    Sent,
    Step,
    Undeliverable,
    Unknown,
)
from bellwire.model.reason import Reason
from bellwire.model.retry import RetryPolicy

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
POLICY = RetryPolicy()
URL = "https://teams.example/"
WORN_OUT = History(tries=POLICY.tries, first_at=NOW)
NOT_FOUND = Heal(Remedy.OPEN_CHAT, Undeliverable(Reason.CONVERSATION_NOT_FOUND), 404, "ConversationNotFound")
BAD_TOKEN = Heal(Remedy.NEW_TOKEN, Halt(Reason.TOKEN_REFUSED), 401, "AuthorizationError")
WRONG_HOST = Heal(Remedy.SWITCH_HOST, Undeliverable(Reason.WRONG_HOST), 403, "InvalidBotApiHost")
EVERY_OUTCOME: tuple[Outcome, ...] = (
    Sent("1:1"),
    Opened("a:1", URL),
    Retry(429, "Throttled", 7.0, Scope.TENANT),
    Retry(503, ""),
    NOT_FOUND,
    BAD_TOKEN,
    WRONG_HOST,
    Undeliverable(Reason.BLOCKED, 403),
    Undeliverable(Reason.MESSAGE_REJECTED, 400),
    Unknown(Reason.ANSWER_LOST),
    Halt(Reason.BOT_NOT_REGISTERED, 401),
)


def decided(
    outcome: Outcome,
    step: Step = Step.POST,
    history: History | None = None,
    if_unreachable: IfUnreachable = IfUnreachable.FAIL,
    on_unknown: OnUnknown = OnUnknown.HOLD,
) -> Decision:
    case = Case(
        step=step,
        started_at=NOW,
        history=history or History(),
        service_url=URL,
        if_unreachable=if_unreachable,
        on_unknown=on_unknown,
    )
    return decide(case, outcome, NOW, 0.5, POLICY)


@pytest.mark.parametrize("outcome", EVERY_OUTCOME)
@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("unknown", OnUnknown)
@pytest.mark.parametrize("unreachable", IfUnreachable)
@pytest.mark.parametrize("worn_out", [False, True])
def test_every_decision_is_a_way_out_of_sending_and_explains_itself(
    outcome: Outcome, step: Step, unknown: OnUnknown, unreachable: IfUnreachable, worn_out: bool
) -> None:
    decision = decided(outcome, step, WORN_OUT if worn_out else None, unreachable, unknown)
    assert decision.state in TRANSITIONS[State.SENDING] | {State.SENDING}
    assert (decision.step is not None) == (decision.state is State.SENDING)
    assert (decision.run_at is not None) == (decision.state is State.QUEUED)
    assert (decision.activity_id is not None) == (decision.state is State.SENT)
    if decision.state in (State.UNDELIVERABLE, State.UNKNOWN, State.WAITING):
        assert decision.reason is not None


def test_what_teams_took_is_sent() -> None:
    assert decided(Sent("1:1")) == Decision(state=State.SENT, activity_id="1:1")


def test_an_opened_chat_is_posted_to_at_once_and_kept() -> None:
    decision = decided(Opened("a:9", URL), Step.OPEN_CHAT)
    assert (decision.state, decision.step, decision.address) == (State.SENDING, Step.POST, Address(URL, "a:9"))


def test_retry_after_is_obeyed_and_shuts_the_lane_that_it_concerns() -> None:
    until = NOW + timedelta(seconds=7)
    decision = decided(Retry(429, "Throttled", 7.0, Scope.TENANT))
    pause = Pause(Scope.TENANT, until)
    assert decision == Decision(state=State.QUEUED, run_at=until, reason=Reason.PAUSED, pause=pause)


@pytest.mark.parametrize("scope", [None, *Scope])
def test_a_wait_that_teams_asks_for_is_waited_out_however_long_it_is(scope: Scope | None) -> None:
    decision = decided(Retry(429, "Throttled", 86_400.0, scope))
    assert (decision.state, decision.reason) == (State.QUEUED, Reason.PAUSED)
    assert decision.run_at == NOW + timedelta(days=1)


def test_the_try_after_a_long_wait_is_the_last() -> None:
    waited = History(tries=1, first_at=NOW - timedelta(days=1))
    for again in (Retry(429, "Throttled", 86_400.0, Scope.TENANT), Retry(503, "")):
        assert decided(again, history=waited).reason is Reason.RETRIES_EXHAUSTED


def test_a_throttling_without_a_time_shuts_the_lane_as_long_as_the_try_waits() -> None:
    decision = decided(Retry(429, "Throttled", None, Scope.CONVERSATION))
    assert decision.run_at is not None
    assert decision.pause == Pause(Scope.CONVERSATION, decision.run_at)


def test_a_passing_failure_concerns_only_its_own_delivery() -> None:
    decision = decided(Retry(503, "ServiceUnavailable"))
    assert decision.state is State.QUEUED
    assert (decision.pause, decision.reason) == (None, None)


def test_refused_too_often_is_given_up() -> None:
    decision = decided(Retry(503, ""), history=WORN_OUT)
    assert (decision.state, decision.reason) == (State.UNDELIVERABLE, Reason.RETRIES_EXHAUSTED)


def test_refused_for_too_long_is_given_up() -> None:
    begun = History(tries=3, first_at=NOW - timedelta(seconds=POLICY.total))
    assert decided(Retry(503, ""), history=begun).reason is Reason.RETRIES_EXHAUSTED


def test_giving_up_still_shuts_the_throttled_lane() -> None:
    assert decided(Retry(429, "", 7.0, Scope.TENANT), history=WORN_OUT).pause is not None


@pytest.mark.parametrize(
    ("outcome", "step"), [(NOT_FOUND, Step.OPEN_CHAT), (BAD_TOKEN, Step.POST), (WRONG_HOST, Step.POST)]
)
def test_what_can_be_mended_is_mended_and_tried_again_at_once(outcome: Heal, step: Step) -> None:
    decision = decided(outcome)
    assert (decision.state, decision.step) == (State.SENDING, step)


@pytest.mark.parametrize("outcome", [NOT_FOUND, BAD_TOKEN, WRONG_HOST])
def test_nothing_is_mended_twice(outcome: Heal) -> None:
    history = History(healed=frozenset({outcome.remedy}))
    assert decided(outcome, history=history) == decided(outcome.otherwise, history=history)


def test_each_remedy_counts_by_itself() -> None:
    history = History(healed=frozenset({Remedy.NEW_TOKEN}))
    assert decided(NOT_FOUND, history=history).state is State.SENDING


def test_a_chat_that_cannot_be_opened_is_not_opened_again() -> None:
    assert decided(NOT_FOUND, Step.OPEN_CHAT).reason is Reason.CONVERSATION_NOT_FOUND


@pytest.mark.parametrize("step", [Step.CHANGE, Step.TAKE_BACK])
def test_no_new_chat_is_opened_for_what_was_said_in_an_old_one(step: Step) -> None:
    assert decided(NOT_FOUND, step).reason is Reason.CONVERSATION_NOT_FOUND


@pytest.mark.parametrize("reason", [Reason.UNINSTALLED, Reason.NOT_INSTALLED, Reason.BLOCKED, Reason.DISABLED_BY_ADMIN])
def test_who_cannot_be_reached_is_marked_and_waited_for_if_asked(reason: Reason) -> None:
    failed = decided(Undeliverable(reason, 403))
    assert (failed.state, failed.reason, failed.suspension) == (State.UNDELIVERABLE, reason, reason)
    waits = decided(Undeliverable(reason, 403), if_unreachable=IfUnreachable.WAIT)
    assert (waits.state, waits.reason, waits.suspension) == (State.WAITING, reason, reason)


def test_a_refused_message_says_nothing_of_the_person() -> None:
    decision = decided(Undeliverable(Reason.MESSAGE_REJECTED, 400), if_unreachable=IfUnreachable.WAIT)
    assert (decision.state, decision.suspension) == (State.UNDELIVERABLE, None)


def test_a_lost_answer_is_held_by_default() -> None:
    decision = decided(Unknown(Reason.ANSWER_LOST))
    assert (decision.state, decision.reason) == (State.UNKNOWN, Reason.ANSWER_LOST)


def test_a_lost_answer_is_sent_again_where_the_caller_wants_at_least_once() -> None:
    assert decided(Unknown(Reason.ANSWER_LOST), on_unknown=OnUnknown.RESEND).state is State.QUEUED


def test_sending_again_ends_too_and_stays_honest() -> None:
    decision = decided(Unknown(Reason.ANSWER_LOST), history=WORN_OUT, on_unknown=OnUnknown.RESEND)
    assert (decision.state, decision.reason) == (State.UNKNOWN, Reason.ANSWER_LOST)


@pytest.mark.parametrize("step", [Step.OPEN_CHAT, Step.CHANGE, Step.TAKE_BACK])
def test_a_lost_answer_to_anything_but_a_post_is_simply_asked_again(step: Step) -> None:
    assert decided(Unknown(Reason.ANSWER_LOST), step).state is State.QUEUED


def test_a_halt_keeps_the_delivery() -> None:
    decision = decided(Halt(Reason.BOT_NOT_REGISTERED, 401), history=WORN_OUT)
    assert decision == Decision(state=State.QUEUED, run_at=NOW, halt=Reason.BOT_NOT_REGISTERED)


def test_a_host_that_worked_after_a_switch_is_kept() -> None:
    history = History(healed=frozenset({Remedy.SWITCH_HOST}))
    assert decided(Sent("1:1"), history=history).address == Address(URL)
