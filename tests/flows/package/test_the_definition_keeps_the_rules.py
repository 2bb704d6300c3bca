"""The rules of the workflow definition language, as far as a flow without a tenant can be held to them.

The published schema is not at hand here, so the rules are written out:
https://learn.microsoft.com/azure/logic-apps/logic-apps-workflow-definition-language
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from bellwire.flows.package.workflow import SCHEMA_URL, Callers, workflow

CALLERS: tuple[Callers, ...] = ("tenant", "anyone")
SECTIONS = {"$schema", "contentVersion", "parameters", "triggers", "actions", "outputs"}
TYPES = {"String", "SecureString", "Int", "Float", "Bool", "Array", "Object", "SecureObject"}
STATES = {"Succeeded", "Failed", "Skipped", "TimedOut"}
NEEDED = {"If": {"expression", "actions", "else"}, "OpenApiConnection": {"inputs"}, "Response": {"inputs", "kind"}}
Json = dict[str, Any]


def definition(callers: Callers = "tenant") -> Json:
    found: Json = workflow(callers)["properties"]["definition"]
    return found


def scopes(actions: Json) -> Iterator[Json]:
    """The actions that stand side by side, and those inside them."""
    yield actions
    for each in actions.values():
        for inner in (each.get("actions"), each.get("else", {}).get("actions")):
            if inner is not None:
                yield from scopes(inner)


def every() -> Json:
    return {name: each for scope in scopes(definition()["actions"]) for name, each in scope.items()}


def expressions(said: Any) -> Iterator[str]:
    """Everything that is evaluated, wherever it stands."""
    if isinstance(said, dict):
        for each in said.values():
            yield from expressions(each)
    elif isinstance(said, list):
        for each in said:
            yield from expressions(each)
    elif isinstance(said, str) and said.startswith("@"):
        yield said


@pytest.mark.parametrize("callers", CALLERS)
def test_it_has_the_sections_of_a_definition_and_no_others(callers: Callers) -> None:
    made = definition(callers)
    assert made.keys() == SECTIONS
    assert made["$schema"] == SCHEMA_URL
    assert re.fullmatch(r"\d+(\.\d+){3}", made["contentVersion"])
    assert {each["type"] for each in made["parameters"].values()} <= TYPES
    assert len(made["triggers"]) == 1


def test_names_are_short_and_plain_and_said_once() -> None:
    names = [name for scope in scopes(definition()["actions"]) for name in scope]
    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,79}", name)] == []


def test_every_action_is_of_a_known_type_and_has_what_that_needs() -> None:
    assert [name for name, each in every().items() if not NEEDED[each["type"]] <= each.keys()] == []


def test_an_action_waits_only_for_those_beside_it_and_never_in_a_circle() -> None:
    for scope in scopes(definition()["actions"]):
        done: set[str] = set()
        while ready := [name for name, each in scope.items() if name not in done and each["runAfter"].keys() <= done]:
            done |= set(ready)
        assert done == scope.keys()
        waited = [state for each in scope.values() for states in each["runAfter"].values() for state in states]
        assert set(waited) <= STATES


def test_every_expression_names_what_is_there() -> None:
    made, names = definition(), every()
    for said in expressions(made["actions"]):
        assert said.count("(") == said.count(")"), said
        assert set(re.findall(r"body\('([^']+)'\)", said)) <= names.keys()
        assert set(re.findall(r"parameters\('([^']+)'\)", said)) <= made["parameters"].keys()
        assert set(re.findall(r"triggerBody\(\)\?\['([^']+)'\]", said)) <= set(
            made["triggers"]["manual"]["inputs"]["schema"]["properties"]
        )


def test_every_connection_is_one_of_the_flows_references() -> None:
    references = workflow("tenant")["properties"]["connectionReferences"]
    hosts = [each["inputs"]["host"] for each in every().values() if each["type"] == "OpenApiConnection"]
    assert {host["connectionName"] for host in hosts} == references.keys()
    assert {host["apiId"].rpartition("/")[2] for host in hosts} == {each["api"]["name"] for each in references.values()}


def test_one_response_ends_every_run_that_succeeds() -> None:
    outermost = definition()["actions"]
    responses = [name for name, each in every().items() if each["type"] == "Response"]
    assert responses == [name for name in outermost if not any(name in each["runAfter"] for each in outermost.values())]
