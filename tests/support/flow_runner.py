"""Runs the definition of a flow, as far as our own flow uses the language; what the connector does is given.

It knows ``If`` with ``equals``, ``OpenApiConnection`` and ``Response``, and of expressions ``triggerBody()``,
``body('Step')``, ``parameters('Name')``, each with ``?['name']`` behind it, and ``coalesce`` of such.
https://learn.microsoft.com/azure/logic-apps/expression-functions-reference
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jsonschema

Json = dict[str, Any]
Connector = Callable[[str, Json], Json | None]
TERM = re.compile(r"(triggerBody|body|parameters)\((?:'([^']*)')?\)((?:\?\['[^']*'\])*)")


@dataclass
class Run:
    """One run. ``connector`` is given an operation and its parameters, and returns its answer, or None if it fails."""

    definition: Json
    body: Json
    connector: Connector
    parameters: Json
    answers: dict[str, Json] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    response: Json | None = None

    def go(self) -> Json | None:
        """The Response step's inputs, or None if the run ended without one."""
        (trigger,) = self.definition["triggers"].values()
        jsonschema.validate(self.body, trigger["inputs"]["schema"])
        self._all(self.definition["actions"])
        return self.response

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
                given = {key: self._value(value) for key, value in inputs["parameters"].items()}
                answer = self.connector(inputs["host"]["operationId"], given)
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
        inner = re.fullmatch(r"@coalesce\((.*)\)", said)
        terms = re.split(r",\s*", inner[1]) if inner else [said[1:]]
        return next((found for term in terms if (found := self._term(term)) is not None), None)

    def _term(self, term: str) -> Any:
        found = TERM.fullmatch(term)
        assert found, term
        function, argument, path = found.groups()
        value: Any = self.body
        if function != "triggerBody":
            value = (self.answers if function == "body" else self.parameters).get(argument)
        for name in re.findall(r"\?\['([^']*)'\]", path):
            value = value.get(name) if isinstance(value, dict) else None
        return value
