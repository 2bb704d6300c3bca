"""What is wrong with a request is said by the field's name and with a remedy, before anything is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from bellwire.errors import BellwireError, Conflict, InvalidInput
from bellwire.service.command import Content, Terms, check_content, check_terms, fingerprint

from .people import NOW, to, unknown

CARD: dict[str, Any] = {"type": "AdaptiveCard", "version": "1.5", "body": []}


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (Content(), "text"),
        (Content(text="hi", card=CARD, summary="hi"), "text"),
        (Content(text=""), "text"),
        (Content(text="x" * 20_001), "text"),
        (Content(text="a\x00b"), "text"),
        (Content(card=CARD), "summary"),
        (Content(card=CARD, summary=" "), "summary"),
        (Content(card=CARD, summary="x" * 501), "summary"),
        (Content(card={**CARD, "version": "1.6"}, summary="hi"), "card.version"),
    ],
)
def test_content_that_cannot_be_shown_is_refused(content: Content, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_content(content)
    assert refused.value.field == field
    assert refused.value.remedy


@pytest.mark.parametrize(
    "content",
    [Content(text="hi"), Content(text="hi", summary="hi"), Content(card=CARD, summary="hi")],
)
def test_a_text_or_a_card_with_a_summary_is_taken(content: Content) -> None:
    check_content(content)


@pytest.mark.parametrize(
    ("terms", "kind", "field"),
    [
        (Terms(reference="x" * 201), InvalidInput, "reference"),
        (Terms(send_at=datetime(2030, 1, 1)), InvalidInput, "send_at"),  # noqa: DTZ001 - what is refused
        (Terms(expires_at=datetime(2030, 1, 1)), InvalidInput, "expires_at"),  # noqa: DTZ001 - what is refused
        (Terms(expires_at=NOW), Conflict, "expires_at"),
        (Terms(send_at=NOW + timedelta(hours=2), expires_at=NOW + timedelta(hours=1)), Conflict, "expires_at"),
    ],
)
def test_terms_that_cannot_be_kept_are_refused(terms: Terms, kind: type[BellwireError], field: str) -> None:
    with pytest.raises(kind) as refused:
        check_terms(terms, NOW)
    assert refused.value.field == field


def test_the_fingerprint_does_not_depend_on_the_order_of_keys_or_the_spelling_of_a_time() -> None:
    person = unknown()
    one, other = to(person, send_at=NOW), to(person, send_at=NOW.astimezone(timezone(timedelta(hours=2))))
    shuffled = dict(reversed(CARD.items()))
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(Content(card=CARD)) == fingerprint(Content(card=shuffled))


def test_the_fingerprint_tells_any_two_commands_apart() -> None:
    command = to(unknown())
    changed = [
        replace(command, content=Content(text="other")),
        replace(command, terms=Terms(reference="r")),
        replace(command, to=to(unknown()).to),
    ]
    assert len({fingerprint(each) for each in [command, *changed]}) == 4


def test_nothing_of_the_content_shows_in_a_repr() -> None:
    assert "private" not in repr(Content(text="private", summary="private", card={"private": 1}))
