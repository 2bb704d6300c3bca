"""What Teams put around its refusal: both error envelopes, JSON inside a message, Retry-After (platform reference §5).

Only codes are kept. The messages beside them may repeat what was sent, so they are never stored or shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import orjson

LONGEST_CODE: Final = 64
LONGEST_WAIT: Final = 24 * 3600.0
"""Seconds; a longer Retry-After is taken for this, since no delivery lives by the day."""

_SECONDS: Final = re.compile(r"[0-9]{1,18}(\.[0-9]{1,9})?", re.ASCII)
_NO_DATE: Final = (ValueError, TypeError, IndexError, OverflowError)


def error_code(body: bytes | None) -> str:
    """The code of an error answer as Teams wrote it, without spaces; empty if it carries none that can be read.

    Known forms, the most telling first: a ``subCode`` in a message that is JSON as text, ``{"error": {"code"}}``,
    ``{"code"}``, ``{"errorCode"}``.
    """
    document = _object(body or b"")
    error = document.get("error")
    levels = [error, document] if isinstance(error, dict) else [document]
    inner = [_object(level["message"]) for level in levels if isinstance(level.get("message"), str)]
    return next((code for found in _codes(inner, levels, error) if (code := clean_code(found))), "")


def _codes(inner: list[dict[str, Any]], levels: list[dict[str, Any]], error: object) -> Iterator[object]:
    yield from (message.get("subCode") for message in inner)
    yield from (level.get("code") for level in levels)
    yield error
    yield from (message.get("code") for message in inner)
    yield from (level.get("errorCode") for level in levels)


def clean_code(found: object) -> str:
    """A code that may be stored and shown: letters, digits and ``_ . -``, at most 64 of them; else empty."""
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    if not isinstance(found, str) or len(found) > LONGEST_CODE:
        return ""
    code = "".join(found.split())
    return code if re.fullmatch(r"[A-Za-z0-9_.-]+", code, re.ASCII) else ""


def retry_after(value: str | None, now: datetime, date: str | None = None) -> float | None:
    """The seconds that a Retry-After header asks for, given as seconds or as an HTTP date; None if it is neither.

    A date is counted from the answer's own Date header, if it has one: the other clock may differ from ours.
    """
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), LONGEST_WAIT)
    try:
        return min(max((_moment(text) - _told(date, now)).total_seconds(), 0.0), LONGEST_WAIT)
    except _NO_DATE:
        return None


def _told(date: str | None, now: datetime) -> datetime:
    try:
        return now if date is None else _moment(date)
    except _NO_DATE:
        return now


def _moment(text: str) -> datetime:
    moment = parsedate_to_datetime(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _object(text: bytes | str) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
