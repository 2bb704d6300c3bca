"""A text is refused if it says nothing, is too long, or cannot be stored."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwire.errors import InvalidInput
from bellwire.model.text import MOST_PAYLOAD, MOST_TEXT, SAYS_SOMETHING, check_text


@pytest.mark.parametrize("text", ["a", "ä", "😀", "  padded  ", "two\nlines", "مرحبا", "x" * MOST_TEXT])
def test_what_a_person_can_read_is_taken(text: str) -> None:
    check_text(text, field="text", most=MOST_TEXT)


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u200b\u2060", "\ufeff", "\u3000"])
def test_what_nobody_can_see_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_text(text, field="summary", most=MOST_TEXT)
    assert caught.value.field == "summary"


@pytest.mark.parametrize("text", ["a\x00", "\ud800", "a\udfffb"])
def test_what_cannot_be_stored_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        check_text(text, field="text", most=MOST_TEXT)


def test_one_character_too_many_is_refused_with_the_limit_as_the_remedy() -> None:
    with pytest.raises(InvalidInput) as caught:
        check_text("x" * (MOST_TEXT + 1), field="text", most=MOST_TEXT)
    assert str(MOST_TEXT) in caught.value.remedy


def test_the_longest_text_fits_into_a_message_whatever_its_characters() -> None:
    assert len(("😀" * MOST_TEXT).encode("utf-16-le")) <= MOST_PAYLOAD


@given(st.text(max_size=20))
def test_the_check_and_the_published_pattern_agree(text: str) -> None:
    try:
        check_text(text, field="text", most=20)
    except InvalidInput:
        taken = False
    else:
        taken = True
    published = re.fullmatch(rf"[^\u0000]*{SAYS_SOMETHING}[^\u0000]*", text) is not None
    assert taken == published
