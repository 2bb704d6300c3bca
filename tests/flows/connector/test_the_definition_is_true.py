"""The connector's definition says what the service serves, in the form that Microsoft asks for."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import orjson
import pytest

from bellwire.errors import InvalidInput
from bellwire.flows.connector.actions import ACTIONS, CHOICES, INTERNAL, TRIGGERS
from bellwire.flows.connector.definition import definition
from bellwire.flows.connector.files import connector_files
from bellwire.teams.app_package.icons import colour_icon
from bellwire.web.app import described
from tests.support.schemas import folder

URL = "https://bellwire.contoso.example"
SERVED = described()
MADE = definition(SERVED, URL)
EVERY = (*ACTIONS, *TRIGGERS, *INTERNAL)
OPERATIONS = {
    operation["operationId"]: (path, method, operation)
    for path, methods in MADE["paths"].items()
    for method, operation in methods.items()
    if not method.startswith("x-")
}
FILES = connector_files(SERVED, URL, icon=colour_icon("#4f52b2"), accent="#4f52b2", publisher="Contoso")


def published(name: str) -> Any:
    """A schema in JSON with comments, some of whose commas trail."""
    path = folder() / name
    if not path.exists():
        pytest.skip(f"no {name} in {folder()}; set BELLWIRE_SCHEMAS")
    plain = re.sub(r'("(?:\\.|[^"\\])*")|//[^\n]*', lambda found: found[1] or "", path.read_text(encoding="utf-8"))
    return json.loads(re.sub(r",(\s*[}\]])", r"\1", plain))


@pytest.mark.parametrize(
    ("file", "schema"),
    [
        ("apiDefinition.swagger.json", "apiDefinition.swagger.schema.json"),
        ("apiProperties.json", "paconn-apiProperties.schema.json"),
        ("settings.json", "paconn-settings.schema.json"),
    ],
)
def test_each_file_passes_microsofts_schema(file: str, schema: str) -> None:
    rules = published(schema)
    validator = jsonschema.validators.validator_for(rules)(rules)
    assert [error.message for error in validator.iter_errors(orjson.loads(FILES[file]))] == []


@pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated:DeprecationWarning")
def test_the_definition_is_swagger() -> None:
    from swagger_spec_validator.validator20 import validate_spec  # its import warns already

    validate_spec(json.loads(json.dumps(MADE)))


def test_the_rules_that_no_schema_holds_are_kept() -> None:
    info = MADE["info"]
    assert not {"api", "connector", "power"} & set(info["title"].lower().split())
    assert 30 <= len(info["description"]) <= 500
    assert len(FILES["apiDefinition.swagger.json"]) < 1_000_000
    assert sorted(OPERATIONS) == sorted(action.name for action in EVERY)
    assert "anyOf" not in json.dumps(MADE)
    assert "$ref" not in json.dumps(MADE)


@pytest.mark.parametrize("action", EVERY, ids=lambda action: action.name)
def test_each_action_is_a_call_of_the_served_api(action: Any) -> None:
    path, method, operation = OPERATIONS[action.name]
    served = SERVED["paths"][path][method]
    assert served["operationId"] == action.call
    for parameter in operation["parameters"]:
        if parameter["in"] != "body":
            assert parameter["name"] in {each["name"] for each in served["parameters"]}
            continue
        body = resolved(served["requestBody"]["content"]["application/json"]["schema"])
        assert set(parameter["schema"]["properties"]) == set(body["properties"]) - action.left_out
        assert set(body["required"]) <= set(parameter["schema"]["required"])
    for status, response in operation["responses"].items():
        if status != "default" and "schema" in response:
            answer = resolved(served["responses"][status]["content"]["application/json"]["schema"])
            assert set(response["schema"]["properties"]) == set(answer["properties"])


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = SERVED["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def test_makers_read_words_everywhere() -> None:
    for _, _, operation in OPERATIONS.values():
        for parameter in operation["parameters"]:
            fields = parameter["schema"]["properties"].values() if parameter["in"] == "body" else [parameter]
            for each in fields:
                assert each["x-ms-summary"]
                assert each["x-ms-visibility"] in ("important", "advanced", "internal")


@pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda trigger: trigger.name)
def test_a_trigger_is_a_callback_of_the_served_api(trigger: Any) -> None:
    path, method, operation = OPERATIONS[trigger.name]
    (told,) = SERVED["paths"][path][method]["callbacks"][trigger.tells].values()
    served = resolved(told["post"]["requestBody"]["content"]["application/json"]["schema"])
    notice = MADE["paths"][path]["x-ms-notification-content"]["schema"]["properties"]
    assert set(notice) == set(served["properties"])
    assert set(notice["data"]["properties"]) == set(resolved(served["properties"]["data"])["properties"])
    (body,) = operation["parameters"]
    (url,) = (name for name, each in body["schema"]["properties"].items() if each.get("x-ms-notification-url"))
    assert told.keys() == {"post"}
    assert next(iter(SERVED["paths"][path][method]["callbacks"][trigger.tells])) == f"{{$request.body#/{url}}}"
    assert body["schema"]["properties"][url]["x-ms-visibility"] == "internal"
    assert url in body["schema"]["required"]
    assert "Location" in operation["responses"]["201"]["headers"]


def test_choices_come_from_operations_that_exist() -> None:
    for field, choice in CHOICES.items():
        _, _, operation = OPERATIONS[choice["operationId"]]
        listed = operation["responses"]["200"]["schema"]["properties"][choice["value-collection"]]
        assert {choice["value-path"], choice["value-title"]} <= set(listed["items"]["properties"])
        bodies = [
            p["schema"]["properties"] for *_, o in OPERATIONS.values() for p in o["parameters"] if p["in"] == "body"
        ]
        assert all("x-ms-dynamic-values" in body[field] for body in bodies if field in body)


def test_five_thousand_people_go_in_one_action() -> None:
    (body,) = (each for each in OPERATIONS["SendToMany"][2]["parameters"] if each["in"] == "body")
    assert body["schema"]["properties"]["to"]["maxItems"] == 5000
    assert body["schema"]["properties"]["to"]["type"] == "array"


@pytest.mark.parametrize("url", ["http://contoso.example", "contoso.example", "https://", "https://u:p@x.example", ""])
def test_an_address_that_cannot_be_called_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="--url"):
        definition(SERVED, url)


def test_a_path_before_the_api_is_kept() -> None:
    made = definition(SERVED, "https://contoso.example:8443/bellwire/")
    assert (made["host"], made["basePath"], made["schemes"]) == ("contoso.example:8443", "/bellwire", ["https"])
