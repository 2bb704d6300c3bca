"""What a caller asks for, and the checks that need nothing but the request itself and the time."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from bellwire.errors import Conflict, InvalidInput
from bellwire.model.card import check_card
from bellwire.model.delivery import IfChatActive, IfUnreachable, OnUnknown, Priority
from bellwire.model.recipient import Recipient
from bellwire.model.text import MOST_REFERENCE, MOST_SUMMARY, MOST_TEXT, check_text

GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A text or a card; it stays out of ``repr``."""

    text: str | None = field(default=None, repr=False)
    card: dict[str, Any] | None = field(default=None, repr=False)
    summary: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms a message goes out: as whom, when, until when, and what to do if it cannot."""

    sender: str | None = None
    priority: Priority = Priority.NORMAL
    send_at: datetime | None = None
    expires_at: datetime | None = None
    if_unreachable: IfUnreachable = IfUnreachable.FAIL
    on_unknown: OnUnknown = OnUnknown.HOLD
    if_chat_active: IfChatActive = IfChatActive.WAIT
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendCommand:
    """One message to one person."""

    to: Recipient
    content: Content
    terms: Terms = Terms()


def check_content(content: Content) -> None:
    """Refuse what is not exactly one of a text and a card that Teams can show.

    Raises:
        InvalidInput: names the field and the remedy.
    """
    if (content.text is None) == (content.card is None):
        raise InvalidInput(
            "Exactly one of text and card is needed.", field="text", remedy="Send a text, or a card with a summary."
        )
    if content.text is not None:
        check_text(content.text, field="text", most=MOST_TEXT)
    if content.summary is not None:
        check_text(content.summary, field="summary", most=MOST_SUMMARY)
    if content.card is not None:
        _check_summary_with_card(content.summary)
        check_card(content.card)


def check_terms(terms: Terms, now: datetime) -> None:
    """Refuse terms that cannot be kept.

    Raises:
        InvalidInput: a field is wrong in itself.
        Conflict: the message would be too late before it could go out.
    """
    if terms.reference is not None:
        check_text(terms.reference, field="reference", most=MOST_REFERENCE)
    for name, moment in (("send_at", terms.send_at), ("expires_at", terms.expires_at)):
        if moment is not None and moment.tzinfo is None:
            raise InvalidInput("The time has no time zone.", field=name, remedy="Say which: add 'Z' or an offset.")
    _check_order(terms, now)


def is_guid(value: str) -> bool:
    """Whether the value is a GUID in lower case, the form in which Entra ids are kept."""
    return GUID.fullmatch(value) is not None


def fingerprint(command: object) -> str:
    """The same for two requests that ask for the same, whatever the order of their keys."""
    canonical = json.dumps(_plain(command), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _check_summary_with_card(summary: str | None) -> None:
    if summary is None:
        raise InvalidInput(
            "A card needs a summary, or the notification says no more than that a card came.",
            field="summary",
            remedy="Say in a few words what the card is about.",
        )


def _check_order(terms: Terms, now: datetime) -> None:
    if terms.expires_at is None:
        return
    if terms.expires_at <= now:
        raise Conflict(
            "The time until which the message is worth sending has passed.",
            field="expires_at",
            code="already_expired",
            remedy="Choose a time in the future, or leave expires_at out.",
        )
    if terms.send_at is not None and terms.expires_at <= terms.send_at:
        raise Conflict(
            "The message would expire before it may be sent.",
            field="expires_at",
            code="expires_before_send",
            remedy="Choose a time after send_at.",
        )


def _plain(value: Any) -> Any:
    """Data classes, times and enums as JSON has them."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case str() | int() | float() | None:
            return value
        case dict():
            return {str(key): _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case _:
            return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
