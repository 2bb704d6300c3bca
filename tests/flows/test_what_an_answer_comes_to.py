"""One table from a flow's answer, or Power Automate's in its place, to an outcome."""

from __future__ import annotations

import pytest

from bellwire.flows.contract import Result, result
from bellwire.flows.outcomes import Reply, outcome_of, unanswered
from bellwire.model.outcome import Halt, Heal, Outcome, Remedy, Retry, Scope, Sent, Undeliverable, Unknown
from bellwire.model.reason import Reason

OFF = "WorkflowTriggerIsNotEnabled"
MISMATCH = "TriggerInputSchemaMismatch"
TABLE: list[tuple[Reply, Outcome]] = [
    (Reply(status=200, result=Result(200, "17"), run="run:A"), Sent("17", 200)),
    (Reply(status=200, result=Result(200), run="run:A"), Sent("run:A", 200)),
    (Reply(status=200, result=Result(100)), Undeliverable(Reason.AGENT_NOT_INSTALLED, 200, "100")),
    (Reply(status=200, result=Result(300)), Retry(200, "300", chat_active=True)),
    (Reply(status=200, result=Result(418)), Unknown(Reason.FLOW_RESULT_UNREADABLE, 200, "418")),
    (Reply(status=200, result=Result(None)), Unknown(Reason.FLOW_RESULT_UNREADABLE, 200, "no_code")),
    (Reply(status=200), Unknown(Reason.ANSWER_UNREADABLE, 200, "no_result")),
    (Reply(status=202), Unknown(Reason.FLOW_WITHOUT_RESPONSE, 202, "no_result")),
    (Reply(status=202, result=Result(None)), Unknown(Reason.FLOW_WITHOUT_RESPONSE, 202, "no_result")),
    (Reply(status=202, result=Result(200, "17")), Sent("17", 202)),
    (
        Reply(status=400, code="WorkflowTriggerIsNotEnabled"),
        Halt(Reason.FLOW_TURNED_OFF, 400, "WorkflowTriggerIsNotEnabled"),
    ),
    (Reply(status=404, code="FlowDisabled"), Halt(Reason.FLOW_TURNED_OFF, 404, "FlowDisabled")),
    (
        Reply(status=400, code="TriggerInputSchemaMismatch"),
        Undeliverable(Reason.FLOW_REQUEST_REFUSED, 400, "TriggerInputSchemaMismatch"),
    ),
    (Reply(status=404, code="WorkflowNotFound"), Halt(Reason.FLOW_DELETED, 404, "WorkflowNotFound")),
    (Reply(status=404, old=True), Halt(Reason.FLOW_ADDRESS_OLD, 404, "")),
    (Reply(status=410, old=True), Halt(Reason.FLOW_ADDRESS_OLD, 410, "")),
    (Reply(status=401, signed=True), Halt(Reason.FLOW_SIGNATURE_REFUSED, 401, "")),
    (Reply(status=403, signed=True), Halt(Reason.FLOW_SIGNATURE_REFUSED, 403, "")),
    (Reply(status=401), Heal(Remedy.NEW_TOKEN, Halt(Reason.TOKEN_REFUSED, 401, ""), 401, "")),
    (Reply(status=403), Halt(Reason.FLOW_NOT_PERMITTED, 403, "")),
    (Reply(status=413), Undeliverable(Reason.MESSAGE_TOO_BIG, 413, "")),
    (Reply(status=422), Undeliverable(Reason.FLOW_REQUEST_REFUSED, 422, "")),
    (Reply(status=429, retry_after=7.0), Retry(429, "", 7.0, Scope.TENANT)),
    (Reply(status=503, retry_after=3.0), Retry(503, "", 3.0)),
    *(
        (Reply(status=status, code="NoResponse"), Unknown(Reason.FLOW_RUN_FAILED, status, "NoResponse"))
        for status in (500, 502, 504)
    ),
]


@pytest.mark.parametrize(
    ("reply", "outcome"), TABLE, ids=lambda each: getattr(each, "status", None) and str(each.status)
)
def test_an_answer_comes_to_one_outcome(reply: Reply, outcome: Outcome) -> None:
    assert outcome_of(reply) == outcome


def test_no_status_is_without_an_outcome_and_only_a_result_is_success() -> None:
    assert not [status for status in range(200, 600) if isinstance(outcome_of(Reply(status=status)), Sent)]


def test_without_an_answer_it_depends_on_what_was_written() -> None:
    assert unanswered("connection_lost", written=True, old=False) == Unknown(
        Reason.ANSWER_LOST, None, "connection_lost"
    )
    assert unanswered("host_not_found", written=False, old=False) == Retry(None, "host_not_found")
    assert unanswered("host_not_found", written=False, old=True) == Halt(
        Reason.FLOW_ADDRESS_OLD, None, "host_not_found"
    )


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (b'{"code": 200, "message_id": "17"}', Result(200, "17")),
        (b'{"code": "100"}', Result(100)),
        (b'{"code": 200, "message_id": 17}', Result(200)),
        (b'{"code": 200, "message_id": ""}', Result(200)),
        (b'{"code": true}', Result(None)),
        (b'{"code": "2e2"}', Result(None)),
        (b'{"result": 200}', Result(None)),
        (b"[200]", Result(None)),
        (b'{"code": 2', None),
        (b"", Result(None)),
        (None, None),
    ],
)
def test_a_result_is_read_with_care(body: bytes | None, read: Result | None) -> None:
    assert result(body) == read
