"""A schema of OpenAPI 3.1 as Swagger 2.0, which is all that Power Automate reads.

https://learn.microsoft.com/connectors/custom-connectors/openapi-extensions
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Json = dict[str, Any]

KEPT: Final = (
    "type",
    "format",
    "description",
    "enum",
    "default",
    "maximum",
    "minimum",
    "maxLength",
    "minLength",
    "maxItems",
    "minItems",
    "required",
)
"""Patterns are left to the service, whose words say more than Power Automate's."""

LABELS: Final = {
    "aad_object_id": "Entra object ID",
    "tenant_id": "Tenant ID",
    "upn": "User principal name",
    "email": "E-mail address",
    "id": "Delivery ID",
    "message_id": "Message ID",
    "to": "To",
    "text": "Message",
    "card": "Adaptive Card",
    "summary": "Notification text",
    "if_unreachable": "If the person cannot be reached",
    "on_unknown": "If the answer is lost",
    "send_at": "Not before",
    "expires_at": "Not after",
    "reference": "Your reference",
    "whose_move": "Whose move it is",
    "fact": "What is in the way",
    "if_chat_active": "If they are talking to the agent",
    "idempotency_key": "Repeat-safe key",
    "mine": "Only what this connection sends",
    "data": "Delivery",
    "timestamp": "When it ended",
    "limit": "How many at most",
    "after": "After (next of the page before)",
}


def label(name: str) -> str:
    """What makers read in place of the field's name."""
    plain = name.replace("-", "_").lower()
    return LABELS.get(plain, plain.replace("_", " ").capitalize())


def swagger_schema(schema: Mapping[str, Any], components: Mapping[str, Json]) -> Json:
    """The schema without references, unions and whatever else Swagger 2.0 does not know."""
    whole, nullable = _plain(schema, components)
    made: Json = {key: whole[key] for key in KEPT if key in whole}
    if "const" in whole:
        made |= {"type": "string", "enum": [whole["const"]]}
    if nullable:
        made["x-nullable"] = True
    made.setdefault("type", "object")
    if "properties" in whole:
        made["properties"] = {
            name: {**swagger_schema(inner, components), "x-ms-summary": label(name)}
            for name, inner in whole["properties"].items()
        }
    if made["type"] == "array":
        made["items"] = swagger_schema(whole.get("items", {}), components)
    return made


def _plain(schema: Mapping[str, Any], components: Mapping[str, Json]) -> tuple[Json, bool]:
    """The one schema that is meant by a reference or by 'this or null', and whether it may be null."""
    whole, nullable = dict(schema), False
    while "$ref" in whole or "anyOf" in whole:
        if "$ref" in whole:
            name = str(whole.pop("$ref")).rpartition("/")[2]
            whole = {**components[name], **whole}
        kinds = whole.pop("anyOf", [])
        nullable = nullable or {"type": "null"} in kinds
        real = [kind for kind in kinds if kind != {"type": "null"}]
        if real:
            whole = {**real[0], **whole}
    return whole, nullable
