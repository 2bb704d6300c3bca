"""Every answer of the platform's error table comes to its outcome (platform reference §5)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwire.model.outcome import Halt, Heal, Remedy, Retry, Scope, Step, Undeliverable, Unknown
from bellwire.model.reason import Reason
from bellwire.teams.failures import BY_CODE, Failure, Phase, outcome_of

STEPS = list(Step)


def refused(status: int, code: str = "", after: float | None = None) -> Failure:
    return Failure(Phase.REFUSED, status, code, after)


FINAL_FOR_A_POST = [
    (400, "BadArgument", Reason.MESSAGE_REJECTED),
    (400, "BadSyntax", Reason.MESSAGE_REJECTED),
    (400, "", Reason.MESSAGE_REJECTED),
    (403, "BotDisabledByAdmin", Reason.DISABLED_BY_ADMIN),
    (403, "BotNotInConversationRoster", Reason.UNINSTALLED),
    (404, "BotNotInConversationRoster", Reason.UNINSTALLED),
    (403, "ConversationBlockedByUser", Reason.BLOCKED),
    (400, "ConversationBlockedByUser", Reason.BLOCKED),
    (403, "MessageWritesBlocked", Reason.BLOCKED),
    (403, "messagewritesblocked", Reason.BLOCKED),
    (403, "ForbiddenOperationException", Reason.NOT_INSTALLED),
    (403, "NotEnoughPermissions", Reason.NOT_PERMITTED),
    (403, "AclCheckFailed", Reason.NOT_PERMITTED),
    (403, "SomethingNew", Reason.NOT_PERMITTED),
    (403, "", Reason.NOT_PERMITTED),
    (404, "ActivityNotFoundInConversation", Reason.ACTIVITY_NOT_FOUND),
    (413, "MessageSizeTooBig", Reason.MESSAGE_TOO_BIG),
    (413, "", Reason.MESSAGE_TOO_BIG),
    (405, "BadArgument", Reason.NOT_PERMITTED),
    (415, "BadArgument", Reason.MESSAGE_REJECTED),
    (408, "", Reason.SERVICE_ERROR),
    (500, "ServiceError", Reason.SERVICE_ERROR),
    (501, "", Reason.SERVICE_ERROR),
    (599, "", Reason.SERVICE_ERROR),
    (302, "", Reason.SERVICE_ERROR),
    (199, "", Reason.SERVICE_ERROR),
]


@pytest.mark.parametrize(("status", "code", "reason"), FINAL_FOR_A_POST)
def test_a_final_refusal_of_a_post_has_its_reason(status: int, code: str, reason: Reason) -> None:
    assert outcome_of(refused(status, code), Step.POST) == Undeliverable(reason, status, code)


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, "BadSyntax", Reason.CONVERSATION_NOT_FOUND),
        (403, "BotNotInConversationRoster", Reason.NOT_INSTALLED),
        (403, "ForbiddenOperationException", Reason.NOT_INSTALLED),
        (404, "ConversationNotFound", Reason.CONVERSATION_NOT_FOUND),
        (404, "", Reason.CONVERSATION_NOT_FOUND),
    ],
)
def test_opening_a_chat_fails_for_the_persons_reasons(status: int, code: str, reason: Reason) -> None:
    assert outcome_of(refused(status, code), Step.OPEN_CHAT) == Undeliverable(reason, status, code)


@pytest.mark.parametrize("step", [Step.CHANGE, Step.TAKE_BACK])
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("ActivityNotFoundInConversation", Reason.ACTIVITY_NOT_FOUND),
        ("", Reason.ACTIVITY_NOT_FOUND),
        ("ConversationNotFound", Reason.CONVERSATION_NOT_FOUND),
    ],
)
def test_a_post_that_is_gone_cannot_be_changed_and_its_chat_is_not_made_anew(
    step: Step, code: str, reason: Reason
) -> None:
    assert outcome_of(refused(404, code), step) == Undeliverable(reason, 404, code)


@pytest.mark.parametrize("step", STEPS)
def test_an_unregistered_bot_stops_the_sender(step: Step) -> None:
    outcome = outcome_of(refused(401, "BotNotRegistered"), step)
    assert outcome == Halt(Reason.BOT_NOT_REGISTERED, 401, "BotNotRegistered")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("code", ["AuthorizationError", "Unauthorized", ""])
def test_any_other_401_asks_for_a_new_token_once(step: Step, code: str) -> None:
    outcome = outcome_of(refused(401, code), step)
    assert outcome == Heal(Remedy.NEW_TOKEN, Halt(Reason.TOKEN_REFUSED, 401, code), 401, code)


@pytest.mark.parametrize("step", STEPS)
def test_a_wrong_host_is_switched_once(step: Step) -> None:
    outcome = outcome_of(refused(403, "InvalidBotApiHost"), step)
    end = Undeliverable(Reason.WRONG_HOST, 403, "InvalidBotApiHost")
    assert outcome == Heal(Remedy.SWITCH_HOST, end, 403, "InvalidBotApiHost")


@pytest.mark.parametrize("code", ["ConversationNotFound", "conversationNotFound", "", "ServiceError"])
def test_a_chat_that_is_gone_is_opened_again_once(code: str) -> None:
    outcome = outcome_of(refused(404, code), Step.POST)
    assert outcome == Heal(Remedy.OPEN_CHAT, Undeliverable(Reason.CONVERSATION_NOT_FOUND, 404, code), 404, code)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("status", [502, 503, 504])
def test_an_outage_is_tried_again(step: Step, status: int) -> None:
    assert outcome_of(refused(status, "ServiceError", 3.0), step) == Retry(status, "ServiceError", 3.0)


def test_a_concurrent_operation_pauses_its_conversation() -> None:
    outcome = outcome_of(refused(412, "PreconditionFailed"), Step.POST)
    assert outcome == Retry(412, "PreconditionFailed", None, Scope.CONVERSATION)


@pytest.mark.parametrize(
    ("step", "recent", "scope"),
    [
        (Step.POST, 0, Scope.TENANT),
        (Step.POST, 6, Scope.TENANT),
        (Step.POST, 7, Scope.CONVERSATION),
        (Step.CHANGE, 30, Scope.CONVERSATION),
        (Step.OPEN_CHAT, 30, Scope.TENANT),
    ],
)
def test_a_throttling_is_the_conversations_only_if_it_could_have_caused_it(
    step: Step, recent: int, scope: Scope
) -> None:
    outcome = outcome_of(refused(429, "Throttled", 2.0), step, recent_posts=recent)
    assert outcome == Retry(429, "Throttled", 2.0, scope)


@pytest.mark.parametrize("step", STEPS)
def test_what_was_not_written_is_tried_again(step: Step) -> None:
    failure = Failure(Phase.UNWRITTEN, None, "connect_failed")
    assert outcome_of(failure, step) == Retry(None, "connect_failed")


@pytest.mark.parametrize("step", STEPS)
def test_what_was_kept_back_is_explained(step: Step) -> None:
    outcome = outcome_of(Failure(Phase.KEPT_BACK, None, "host_not_allowed"), step)
    assert outcome == Undeliverable(Reason.HOST_NOT_ALLOWED, None, "host_not_allowed")


def test_a_post_without_answer_is_unknown() -> None:
    lost = outcome_of(Failure(Phase.UNANSWERED, None, "answer_timeout"), Step.POST)
    unreadable = outcome_of(Failure(Phase.UNREADABLE, 201, "no_id"), Step.POST)
    assert lost == Unknown(Reason.ANSWER_LOST, None, "answer_timeout")
    assert unreadable == Unknown(Reason.ANSWER_UNREADABLE, 201, "no_id")


@pytest.mark.parametrize("step", [Step.OPEN_CHAT, Step.CHANGE, Step.TAKE_BACK])
@pytest.mark.parametrize("phase", [Phase.UNANSWERED, Phase.UNREADABLE])
def test_what_can_be_repeated_without_harm_is_tried_again(step: Step, phase: Phase) -> None:
    assert isinstance(outcome_of(Failure(phase, None, "lost"), step), Retry)


@given(
    status=st.integers(100, 999),
    code=st.sampled_from([*BY_CODE, "BotNotInConversationRoster", "Throttled", "", "Other"]),
    step=st.sampled_from(Step),
    recent=st.integers(0, 100),
)
def test_only_the_documented_statuses_are_ever_tried_again(status: int, code: str, step: Step, recent: int) -> None:
    outcome = outcome_of(refused(status, code), step, recent_posts=recent)
    if isinstance(outcome, Retry):
        assert status in (412, 429, 502, 503, 504) or (400 <= status < 500 and code.lower() == "preconditionfailed")
    assert not isinstance(outcome, Unknown), "what was answered with an error is known"
