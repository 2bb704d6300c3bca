"""Runs a flow's own definition, as exported from Power Automate or packed for it; only the connector is played.

It knows the triggers and actions ``Request``, ``If`` with ``equals``, ``OpenApiConnection`` and ``Response``, and of
expressions ``triggerBody()``, ``body('Step')`` and ``parameters('Name')``, each with ``?['name']`` behind it, and
``coalesce`` of such. Anything else is a NotImplementedError, never a guess.
https://learn.microsoft.com/azure/logic-apps/expression-functions-reference
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bellwire.simulator.chat import Json

Connector = Callable[[str, Json], Json | None]
TERM = re.compile(r"(triggerBody|body|parameters)\((?:'([^']*)')?\)((?:\?\['[^']*'\])*)")
COALESCE = re.compile(r"coalesce\((.*)\)")
NAME = re.compile(r"\?\['([^']*)'\]")
KINDS: Mapping[str, type] = {"object": dict, "string": str, "array": list, "boolean": bool}


def fits(value: Any, schema: Json) -> bool:
    """Whether a trigger with this request body schema would start a run: its types, required names and enums."""
    if "type" in schema and not isinstance(value, KINDS[schema["type"]]):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if not isinstance(value, dict):
        return True
    inner = schema.get("properties", {})
    return set(schema.get("required", ())) <= value.keys() and all(
        fits(value[name], inner[name]) for name in value.keys() & inner.keys()
    )


def request_schema(definition: Json) -> Json:
    """What the definition's one trigger wants to be called with."""
    (trigger,) = definition["triggers"].values()
    schema: Json = trigger["inputs"].get("schema", {})
    return schema


def parameters_of(definition: Json, variables: Json) -> Json:
    """What ``parameters('Name')`` gives: the environment variable that the parameter names, or its own default."""
    said: Json = definition.get("parameters", {})
    return {
        name: variables.get(each.get("metadata", {}).get("schemaName"), each.get("defaultValue"))
        for name, each in said.items()
    }


@dataclass(slots=True)
class FlowRun:
    """One run. ``connector`` is given an operation and its parameters, and returns its answer, or None if it fails."""

    definition: Json
    body: Json
    connector: Connector
    parameters: Json
    answers: dict[str, Json] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    response: Json | None = None

    def go(self) -> bool:
        """Whether every step succeeded; ``response`` is then what the Response step said, if there is one."""
        return self._all(self.definition["actions"])

    def _all(self, actions: Json) -> bool:
        """Each action after those that it waits for; whether all of them succeeded."""
        waiting = dict(actions)
        while waiting:
            name = next(name for name, each in waiting.items() if not waiting.keys() & each["runAfter"].keys())
            action = waiting.pop(name)
            ready = all(self.states[other] in states for other, states in action["runAfter"].items())
            self.states[name] = self._one(name, action) if ready else "Skipped"
        return all(self.states[name] == "Succeeded" for name in actions)

    def _one(self, name: str, action: Json) -> str:
        match action["type"]:
            case "If":
                left, right = map(self._value, action["expression"]["equals"])
                chosen = action["actions"] if left == right else action["else"]["actions"]
                return "Succeeded" if self._all(chosen) else "Failed"
            case "OpenApiConnection":
                inputs = action["inputs"]
                answer = self.connector(inputs["host"]["operationId"], self._value(inputs["parameters"]))
                if answer is None:
                    return "Failed"
                self.answers[name] = answer
                return "Succeeded"
            case "Response":
                self.response = self._value(action["inputs"])
                return "Succeeded"
        raise NotImplementedError(action["type"])

    def _value(self, said: Any) -> Any:
        if isinstance(said, dict):
            return {key: self._value(inner) for key, inner in said.items()}
        if not isinstance(said, str) or not said.startswith("@"):
            return said
        inner = COALESCE.fullmatch(said[1:])
        terms = re.split(r",\s*", inner[1]) if inner else [said[1:]]
        return next((found for term in terms if (found := self._term(term)) is not None), None)

    def _term(self, term: str) -> Any:
        found = TERM.fullmatch(term)
        if found is None:
            raise NotImplementedError(term)
        function, argument, path = found.groups()
        value: Any = self.body
        if function != "triggerBody":
            value = (self.answers if function == "body" else self.parameters).get(argument)
        for name in NAME.findall(path):
            value = value.get(name) if isinstance(value, dict) else None
        return value
