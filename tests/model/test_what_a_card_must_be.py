"""An Adaptive Card is refused here if Teams would refuse it, or show nothing."""

from __future__ import annotations

from typing import Any

import pytest

from bellwire.errors import InvalidInput
from bellwire.model.card import check_card

CARD: dict[str, Any] = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "Hello"}]}


def refused(card: dict[str, Any]) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        check_card(card)
    assert caught.value.remedy
    return caught.value


def nested(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(levels):
        inner = {"items": [inner]}
    return {**CARD, "body": [inner]}


@pytest.mark.parametrize("version", ["1.0", "1.3", "1.5"])
def test_every_version_that_teams_shows_is_taken(version: str) -> None:
    check_card({**CARD, "version": version})


@pytest.mark.parametrize("version", ["1.6", "2.0", "1.5\n", "1.50", "", 1.5, None])
def test_other_versions_are_refused_by_name(version: object) -> None:
    assert refused({**CARD, "version": version}).field == "card.version"


@pytest.mark.parametrize("kind", ["adaptivecard", "HeroCard", None, 1])
def test_what_is_no_adaptive_card_is_refused(kind: object) -> None:
    assert refused({**CARD, "type": kind}).field == "card.type"


def test_the_size_is_counted_in_utf_16_as_teams_does() -> None:
    just_right = {**CARD, "body": ["a" * 40_000]}
    check_card(just_right)
    assert refused({**CARD, "body": ["😀" * 20_600]}).code == "message_too_big"
    assert refused({**CARD, "body": ["a" * 41_000]}).field == "card"


def test_a_card_without_end_is_refused_before_it_hurts() -> None:
    check_card(nested(20))
    assert refused(nested(40)).field == "card"
    assert refused(nested(50_000)).field == "card"


@pytest.mark.parametrize("number", [10**400, 2**53 + 1, float("nan"), float("inf"), -1e300])
def test_numbers_that_do_not_survive_the_way_are_refused(number: float) -> None:
    assert refused({**CARD, "body": [{"width": number}]}).field == "card.body.0.width"


@pytest.mark.parametrize("text", ["a\x00b", "half \ud83d of one"])
def test_texts_that_cannot_be_stored_are_refused_wherever_they_are(text: str) -> None:
    assert refused({**CARD, "body": [{"text": text}]}).field == "card.body.0.text"
    assert refused({**CARD, text: 1}).field == "card"


def test_what_is_not_json_is_refused() -> None:
    assert refused({**CARD, "when": object()}).field == "card.when"


def test_an_error_never_repeats_what_the_card_says() -> None:
    error = refused({**CARD, "body": [{"text": "very private\x00"}]})
    assert "private" not in str(error) + repr(error)
