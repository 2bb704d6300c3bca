"""The connector's definition, derived from what the service serves, so that the two cannot drift apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from bellwire.errors import InvalidInput
from bellwire.flows.connector.actions import ACTIONS, CHOICES, INTERNAL, TRIGGERS, Action, Trigger
from bellwire.flows.connector.swagger import Json, label, swagger_schema

TITLE: Final = "Bellwire"
DESCRIPTION: Final = (
    "Sends Microsoft Teams messages to one person or to many, each in the person's own chat with the bot, "
    "and says what became of them."
)
KEY: Final = "api_key"
URL: Final = "url"
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def definition(served: Mapping[str, Any], url: str) -> Json:
    """apiDefinition.swagger.json for a service at ``url``, whose OpenAPI document is ``served``.

    Raises:
        InvalidInput: the address is not one that Power Automate can call.
    """
    scheme, host, base = _address(url)
    paths: Json = {}
    components = served["components"]["schemas"]
    for action in (*ACTIONS, *TRIGGERS, *INTERNAL):
        path, method, operation = _served(served, action.call)
        paths.setdefault(path, {})[method] = _operation(action, operation, components)
        if isinstance(action, Trigger):
            paths[path]["x-ms-notification-content"] = _told(action, operation, components)
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
        "x-ms-visibility": "internal" if action.internal else "important",
        **({"x-ms-trigger": "single", "x-ms-trigger-hint": action.hint} if isinstance(action, Trigger) else {}),
        "parameters": [
            *(_parameter(each, action, components) for each in operation.get("parameters", ())),
            *_body(action, operation, components),
        ],
        "responses": dict(_responses(operation, components)),
    }


def _told(trigger: Trigger, operation: Json, components: Mapping[str, Json]) -> Json:
    """What a trigger's flow is started with, as the served document describes the request to a receiver."""
    ((request,),) = (each.values() for each in operation["callbacks"][trigger.tells].values())
    schema = request["requestBody"]["content"]["application/json"]["schema"]
    return {"description": request["summary"], "schema": swagger_schema(schema, components)}


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
        **_choices(said["name"]),
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
        inner.update(_choices(name))
        for deeper, each in inner.get("properties", {}).items():
            each.pop("x-nullable", None)
            each["x-ms-visibility"] = _visibility(deeper, action, required=False)


def _choices(name: str) -> Json:
    if name not in CHOICES:
        return {}
    return {"x-ms-dynamic-values": dict(CHOICES[name])}


def _visibility(name: str, action: Action, *, required: bool) -> str:
    if action.internal or (isinstance(action, Trigger) and name == URL):
        return "internal"  # the designer fills it in by itself
    return "important" if required or name in action.important else "advanced"


def _responses(operation: Json, components: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    for status, said in operation["responses"].items():
        if status.startswith("2"):
            yield status, _response(said, components)
    problem = swagger_schema({"$ref": "#/components/schemas/Problem"}, components)
    yield "default", {"description": "Refused: why, and what to do about it.", "schema": problem}


def _response(said: Json, components: Mapping[str, Json]) -> Json:
    made: Json = {"description": said["description"]}
    if "content" in said:
        made["schema"] = swagger_schema(said["content"]["application/json"]["schema"], components)
    if "Location" in said.get("headers", {}):
        made["headers"] = {"Location": {"type": "string", "description": said["headers"]["Location"]["description"]}}
    return made
