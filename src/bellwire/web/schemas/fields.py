"""Kinds of fields that several bodies and parameters share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from bellwire.model.text import MOST_REFERENCE, MOST_SUMMARY, MOST_TEXT, SAYS_SOMETHING

GUID: Final = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
ADDRESS: Final = r"^[^@\u0000-\u0020\u007f-\u00a0]+@[^@\u0000-\u0020\u007f-\u00a0]+$"
SENDER: Final = r"^[a-z][a-z0-9_-]{0,39}$"
ID: Final = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$"
CURSOR: Final = f"{GUID[:-1]}~{GUID[1:]}"
IDEMPOTENCY_KEY: Final = r"^[!-~]([ -~]{0,253}[!-~])?$"
IN_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        ADDRESS: "an address is needed, such as adele@contoso.example",
        SENDER: "a sender's name is needed: small letters, digits, - and _, with a letter first, such as alerts",
        ID: "an id as Bellwire gives it is needed, such as 01932f6e-7c1a-7b3e-9d41-0f6e2c1b5a77",
        CURSOR: "'next' of the page before is needed, as it was answered",
        IDEMPOTENCY_KEY: "printable ASCII is needed, with no space before or after it",
    }
)
"""What each pattern asks for, since no caller should have to read one."""

MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)


class Strict(BaseModel):
    """A body from outside: what is not asked for is refused, and an error repeats nothing of it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class View(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


def _guid(value: str) -> str:
    if not re.fullmatch(GUID, value, re.ASCII):
        raise ValueError("a GUID is needed, such as 5d0e1f9c-2b6a-4a53-9f0e-7b1c3c1d2e4f")
    return value.lower()


def _moment(value: Any) -> datetime:
    """RFC 3339 with an offset, and nothing else: a time without one would mean another moment to every reader."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not MOMENT.fullmatch(value):
        raise ValueError("a time in RFC 3339 with an offset is needed, such as 2026-11-22T09:30:00Z")
    try:
        return datetime.fromisoformat(_microseconds(value.upper())).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("there is no such time") from None


def _microseconds(value: str) -> str:
    """At most six digits of a second, since Python keeps no more."""
    return re.sub(r"(\.\d{6})\d+", r"\1", value)


def _text(most: int, example: str) -> WithJsonSchema:
    pattern = rf"^[^\u0000]*{SAYS_SOMETHING}[^\u0000]*$"
    return WithJsonSchema({"type": "string", "maxLength": most, "pattern": pattern, "examples": [example]})


Guid = Annotated[
    str,
    AfterValidator(_guid),
    WithJsonSchema({"type": "string", "pattern": GUID, "examples": ["5d0e1f9c-2b6a-4a53-9f0e-7b1c3c1d2e4f"]}),
]
Address = Annotated[str, StringConstraints(pattern=ADDRESS, max_length=320), Field(examples=["adele@contoso.example"])]
SenderName = Annotated[str, StringConstraints(pattern=SENDER), Field(examples=["alerts"])]
Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2030-01-15T09:30:00Z"]}),
]
Text = Annotated[str, _text(MOST_TEXT, "The build is **green** again.")]
Summary = Annotated[str, _text(MOST_SUMMARY, "Build 4711: green")]
Reference = Annotated[str, _text(MOST_REFERENCE, "build-4711")]
