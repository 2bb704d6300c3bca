"""Microsoft's own description of the Bot Connector, read leniently and cut down to what the simulator serves."""

from __future__ import annotations

from typing import Any

import orjson

from tests.support.schemas import folder

SERVED = {
    "/v3/conversations": ("post",),
    "/v3/conversations/{conversationId}/activities": ("post",),
    "/v3/conversations/{conversationId}/activities/{activityId}": ("post", "put", "delete"),
    "/v3/conversations/{conversationId}/members": ("get",),
    "/v3/conversations/{conversationId}/pagedmembers": ("get",),
}
REFUSED = {"description": "refused", "schema": {"$ref": "#/definitions/ErrorResponse"}}


def served_schema() -> dict[str, Any]:
    """What is changed in it, and why: ``deprecated`` on definitions is no valid Swagger; XML and forms are a promise
    that Teams does not keep; pagedmembers forgets its errors; the token is the test's, which adds it to each request.
    """
    document: dict[str, Any] = orjson.loads((folder() / "ConnectorAPI.json").read_bytes())
    for definition in document["definitions"].values():
        definition.pop("deprecated", None)
        for inner in definition.get("properties", {}).values():
            inner.pop("deprecated", None)
    document["paths"] = {path: _served(document["paths"][path], methods) for path, methods in SERVED.items()}
    del document["securityDefinitions"]
    return document


def _served(operations: dict[str, Any], methods: tuple[str, ...]) -> dict[str, Any]:
    served = {method: operations[method] for method in methods}
    for operation in served.values():
        operation["produces"] = ["application/json"]
        if operation.get("consumes"):
            operation["consumes"] = ["application/json"]
        operation["responses"].setdefault("default", REFUSED)
    return served
