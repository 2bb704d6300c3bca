"""The packaged flow, run: it posts a text or a card as the agent, and answers with the step's status code."""

from __future__ import annotations

from typing import Any

import jsonschema
import orjson
import pytest

from bellwire.flows import contract
from bellwire.flows.outcomes import Reply, outcome_of
from bellwire.flows.package.workflow import workflow
from bellwire.model.message import Message
from bellwire.model.outcome import Outcome, Retry, Sent, Step, Undeliverable
from bellwire.model.posting import Posting
from bellwire.model.recipient import Person
from bellwire.simulator.flow_run import FlowRun, fits, request_schema

TEXT = {"recipient": "5d0e1f9c", "tenant_id": "t", "kind": "text", "text": "It is green."}
CARD = {"recipient": "5d0e1f9c", "tenant_id": "t", "kind": "card", "card": '{"type":"AdaptiveCard"}', "summary": "4711"}
DEFINITION = workflow("tenant")["properties"]["definition"]


def run(body: dict[str, Any], answer: dict[str, Any] | None) -> tuple[list[tuple[str, dict[str, Any]]], Any]:
    """What the connector was asked for, and the flow's response."""
    asked: list[tuple[str, dict[str, Any]]] = []

    def connector(operation: str, given: dict[str, Any]) -> dict[str, Any] | None:
        asked.append((operation, given))
        return answer

    assert fits(body, request_schema(DEFINITION))
    ran = FlowRun(DEFINITION, body, connector, {"Agent (bellwire_agent)": "cr637_pager"})
    ran.go()
    return asked, ran.response


@pytest.mark.parametrize(
    ("body", "operation", "content"),
    [(TEXT, "PostMessageToConversation", TEXT["text"]), (CARD, "PostCardToConversation", CARD["card"])],
)
def test_one_step_posts_as_the_agent(body: dict[str, Any], operation: str, content: str) -> None:
    ((asked, given),), _ = run(body, {"statusCode": 200})
    assert asked == operation
    assert given["body/messageBody"] == content
    assert given["body/recipient"] == body["recipient"]
    assert given["body/bot"] == "cr637_pager"
    assert given["body/installedError"] == "Succeed with status code"


@pytest.mark.parametrize("code", [200, 100, 300])
@pytest.mark.parametrize("body", [TEXT, CARD])
def test_the_status_code_comes_back(body: dict[str, Any], code: int) -> None:
    _, response = run(body, {"statusCode": code, "id": "1764000000000"})
    assert response["statusCode"] == 200
    assert response["body"] == {"code": code, "message_id": "1764000000000"}


def test_a_step_that_fails_leaves_the_run_without_a_response() -> None:
    assert run(TEXT, None)[1] is None


@pytest.mark.parametrize("body", [{}, {"recipient": "x", "tenant_id": "t", "kind": "song"}, {**TEXT, "text": 1}])
def test_what_is_no_message_never_starts_a_run(body: dict[str, Any]) -> None:
    assert not fits(body, request_schema(DEFINITION))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(body, request_schema(DEFINITION))


def test_nothing_is_said_twice_by_the_flow_itself() -> None:
    choice = DEFINITION["actions"]["Text_or_card"]
    steps = [*choice["actions"].values(), *choice["else"]["actions"].values()]
    assert [step["inputs"]["retryPolicy"] for step in steps] == [{"type": "none"}] * 2


@pytest.mark.parametrize(
    "message", [Message("1", "It is green."), Message("2", None, {"type": "AdaptiveCard"}, "4711")]
)
@pytest.mark.parametrize(
    ("code", "outcome"), [(200, Sent), (100, Undeliverable), (300, Retry)], ids=["sent", "no agent", "chat active"]
)
def test_sender_and_flow_understand_each_other(message: Message, code: int, outcome: type[Outcome]) -> None:
    posting = Posting(step=Step.POST, person=Person("studio", "t", "5d0e1f9c"), service_url="", message=message)
    _, response = run(orjson.loads(contract.request(posting)), {"statusCode": code})
    told = contract.result(orjson.dumps(response["body"]))
    assert isinstance(outcome_of(Reply(status=response["statusCode"], result=told)), outcome)
