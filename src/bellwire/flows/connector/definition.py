"""The connector's definition, derived from what the service serves, so that the two cannot drift apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from bellwire.errors import InvalidInput
from bellwire.flows.connector.actions import ACTIONS, Action
from bellwire.flows.connector.swagger import Json, label, swagger_schema

TITLE: Final = "Bellwire"
DESCRIPTION: Final = (
    "Sends Microsoft Teams messages to one person or to many, each in the person's own chat with the bot, "
    "and says what became of them."
)
KEY: Final = "api_key"
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def definition(served: Mapping[str, Any], url: str) -> Json:
    """apiDefinition.swagger.json for a service at ``url``, whose OpenAPI document is ``served``.

    Raises:
        InvalidInput: the address is not one that Power Automate can call.
    """
    scheme, host, base = _address(url)
    paths: Json = {}
    for action in ACTIONS:
        path, method, operation = _served(served, action.call)
        paths.setdefault(path, {})[method] = _operation(action, operation, served["components"]["schemas"])
    return {
        "swagger": "2.0",
        "info": {"title": TITLE, "description": DESCRIPTION, "version": served["info"]["version"]},
        "host": host,
        "basePath": base,
        "schemes": [scheme],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "paths": paths,
        "definitions": {},
        "securityDefinitions": {KEY: {"type": "apiKey", "in": "header", "name": "Authorization"}},
        "security": [{KEY: []}],
        "tags": [],
        "x-ms-connector-metadata": [
            {"propertyName": "Website", "propertyValue": url},
            {"propertyName": "Privacy policy", "propertyValue": url},
            {"propertyName": "Categories", "propertyValue": "Communication"},
        ],
    }


def _address(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if (parts.scheme != "https" and not local) or not parts.hostname or parts.username or parts.query:
        raise InvalidInput(
            "It is not an address that Power Automate can call.",
            field="--url",
            remedy="Give the service's public address, such as https://bellwire.contoso.example.",
        )
    return parts.scheme, parts.netloc, parts.path.rstrip("/") or "/"


def _served(served: Mapping[str, Any], call: str) -> tuple[str, str, Json]:
    for path, methods in served["paths"].items():
        for method, operation in methods.items():
            if operation["operationId"] == call:
                return path, method, operation
    raise KeyError(call)


def _operation(action: Action, operation: Json, components: Mapping[str, Json]) -> Json:
    return {
        "operationId": action.name,
        "summary": action.summary,
        "description": action.description,
        "x-ms-visibility": "important",
        "parameters": [
            *(_parameter(each, action, components) for each in operation.get("parameters", ())),
            *_body(action, operation, components),
        ],
        "responses": dict(_responses(operation, components)),
    }


def _parameter(said: Json, action: Action, components: Mapping[str, Json]) -> Json:
    schema = swagger_schema(said["schema"], components)
    made = {
        **schema,
        "name": said["name"],
        "in": said["in"],
        "required": said.get("required", False),
        "description": said.get("description", ""),
        "x-ms-summary": label(said["name"]),
        "x-ms-visibility": _visibility(said["name"], action, required=said.get("required", False)),
    }
    return made | {"x-ms-url-encoding": "single"} if said["in"] == "path" else made


def _body(action: Action, operation: Json, components: Mapping[str, Json]) -> Iterator[Json]:
    if "requestBody" not in operation:
        return
    schema = swagger_schema(operation["requestBody"]["content"]["application/json"]["schema"], components)
    _arrange(schema, action)
    yield {"name": "body", "in": "body", "required": True, "schema": schema}


def _arrange(schema: Json, action: Action) -> None:
    """Leave out what makers do not need, and say of the rest how much in sight it is."""
    fields = {name: inner for name, inner in schema["properties"].items() if name not in action.left_out}
    for name in action.whole:
        fields[name] = {key: said for key, said in fields[name].items() if key not in ("properties", "required")}
    schema["properties"] = {name: {**inner, **action.changes.get(name, {})} for name, inner in fields.items()}
    required = {*schema.get("required", ()), *(action.important & schema["properties"].keys())}
    schema["required"] = [name for name in schema["properties"] if name in required]
    for name, inner in schema["properties"].items():
        inner.pop("x-nullable", None)
        inner["x-ms-visibility"] = _visibility(name, action, required=name in required)
        for deeper, each in inner.get("properties", {}).items():
            each.pop("x-nullable", None)
            each["x-ms-visibility"] = _visibility(deeper, action, required=False)


def _visibility(name: str, action: Action, *, required: bool) -> str:
    return "important" if required or name in action.important else "advanced"


def _responses(operation: Json, components: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    for status, said in operation["responses"].items():
        if status.startswith("2"):
            schema = said["content"]["application/json"]["schema"]
            yield status, {"description": said["description"], "schema": swagger_schema(schema, components)}
    problem = swagger_schema({"$ref": "#/components/schemas/Problem"}, components)
    yield "default", {"description": "Refused: why, and what to do about it.", "schema": problem}
