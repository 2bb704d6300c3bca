"""What the API's document says about refusals, so that every operation names the ones that it may answer with."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from bellwire.web.problems import MEDIA_TYPE

Responses: TypeAlias = dict[int | str, dict[str, Any]]

_SAYS: Final = {
    400: "The body is not JSON.",
    401: "No API key was sent, or it is unknown or revoked.",
    403: "The person's tenant is not on the allow-list.",
    404: "There is no such thing.",
    409: "The request contradicts what is already so: the person cannot be reached, the time has passed, the delivery "
    "is over, or the Idempotency-Key was used with another body.",
    413: "The body is too large.",
    415: "The body is not declared as JSON.",
    422: "The request is not valid; `field` names what is wrong.",
    503: "The database does not answer; nothing was changed.",
}
_ALWAYS: Final = (401, 422, 503)
_WITH_BODY: Final = (400, 413, 415)


def refusals(*statuses: int, body: bool = False) -> Responses:
    """The refusals of one operation; those that any operation may answer with are added."""
    return only(*sorted({*_ALWAYS, *statuses, *(_WITH_BODY if body else ())}))


def only(*statuses: int) -> Responses:
    """These refusals and no others."""
    return {status: {"description": _SAYS[status], "content": _problem(), **_headers(status)} for status in statuses}


def _problem() -> dict[str, Any]:
    return {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def _headers(status: int) -> dict[str, Any]:
    if status != 401:
        return {}
    return {
        "headers": {
            "WWW-Authenticate": {"description": "Which credentials are asked for.", "schema": {"type": "string"}}
        }
    }


def _link(operation: str, description: str) -> dict[str, Any]:
    return {"operationId": operation, "parameters": {"id": "$response.body#/id"}, "description": description}


_REPLAYED: Final[dict[str, Any]] = {
    "Idempotency-Replayed": {
        "description": "`true` if this is the first answer once more.",
        "schema": {"type": "string", "enum": ["true"]},
    },
}
BULK_LINKS: Final[dict[str, Any]] = {
    "headers": _REPLAYED,
    "links": {
        "deliveries": {
            "operationId": "list_deliveries",
            "parameters": {"message_id": "$response.body#/message_id"},
            "description": "The deliveries of the message.",
        }
    },
}
CALLBACK_LINKS: Final[dict[str, Any]] = {
    "headers": {
        "Location": {"description": "The callback's address; DELETE it to end it.", "schema": {"type": "string"}}
    },
    "links": {
        "callback": _link("get_callback", "How it fares."),
        "remove": _link("remove_callback", "End it."),
        "test": _link("test_callback", "Try it."),
    },
}
DELIVERY_LINKS: Final[dict[str, Any]] = {
    "headers": {
        "Location": {"description": "Where to ask about the delivery.", "schema": {"type": "string"}},
        **_REPLAYED,
    },
    "links": {
        "delivery": _link("get_delivery", "What became of it."),
        "cancel": _link("cancel_delivery", "Stop it before it goes out."),
        "change": _link("change_message", "Put something else in its place."),
        "take_back": _link("take_back_message", "Have it say nothing."),
        "resend": _link("resend_delivery", "Try it again once it has ended."),
    },
}
