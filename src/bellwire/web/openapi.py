"""The API's own description: what the framework finds out by itself, and the parts that it cannot know."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from bellwire.model.card import LARGEST_NUMBER
from bellwire.web.schemas.problem import Problem

TITLE: Final = "Bellwire"
SUMMARY: Final = "Proactive Microsoft Teams messages to one person, and what became of them."
DESCRIPTION: Final = """\
Send a text or an Adaptive Card to one person's own Teams chat with your bot, and ask what became of it.

Every call carries a caller's key: `Authorization: Bearer KEY`. Whatever is refused is answered with problem details
(RFC 9457): a stable `code`, the `field` that is meant, and a `remedy` in words. The same codes are used everywhere.
"""
TAGS: Final = [
    {"name": "Messages", "description": "Have something said to somebody."},
    {"name": "Deliveries", "description": "What became of it; stop it, repeat it, change it, take it back."},
    {"name": "Callbacks", "description": "Be told what happens, instead of asking."},
    {"name": "People", "description": "Who can be reached, and if not, why and what to do."},
    {"name": "References", "description": "Take in what other bots know, and give out what is known here."},
    {"name": "Senders", "description": "As whom messages can go out."},
    {"name": "Books", "description": "What became of everything: accepted is the sum of all the others."},
    {"name": "Operations", "description": "For those who run the service; no key is needed."},
]
_STORABLE: Final = r"^[^\u0000]*$"
CARD_VALUE: Final[dict[str, Any]] = {
    "title": "CardValue",
    "description": "Anything inside a card.",
    "anyOf": [
        {"type": "string", "pattern": _STORABLE},
        {"type": "number", "minimum": -LARGEST_NUMBER, "maximum": LARGEST_NUMBER},
        {"type": "boolean"},
        {"type": "null"},
        {"type": "array", "items": {"$ref": "#/components/schemas/CardValue"}},
        {
            "type": "object",
            "propertyNames": {"pattern": _STORABLE},
            "additionalProperties": {"$ref": "#/components/schemas/CardValue"},
        },
    ],
}


def install_openapi(app: FastAPI) -> None:
    """Let ``app`` describe itself at /openapi.json."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app)
        return app.openapi_schema

    setattr(app, "openapi", described)  # noqa: B010 - the framework's documented way; mypy forbids the assignment


def _describe(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=SUMMARY,
        description=DESCRIPTION,
        routes=app.routes,
        tags=TAGS,
        license_info={"name": "MIT", "identifier": "MIT"},
    )
    for operations in document["paths"].values():
        for operation in operations.values():
            _never_null(operation.get("parameters", []))
    schemas = document["components"]["schemas"]
    template = "#/components/schemas/{model}"
    problem = Problem.model_json_schema(ref_template=template)
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    schemas["CardValue"] = CARD_VALUE
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return document


def _never_null(parameters: list[dict[str, Any]]) -> None:
    """A parameter may be left out, but there is no way to write null in a URL or a header."""
    for parameter in parameters:
        schema = parameter["schema"]
        kinds = [kind for kind in schema.pop("anyOf", []) if kind != {"type": "null"}]
        if kinds:
            schema.update(kinds[0])
