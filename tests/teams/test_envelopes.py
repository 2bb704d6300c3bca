"""Codes are found in every form in which Teams has put them, and Retry-After in both of its forms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwire.teams.envelopes import LONGEST_WAIT, error_code, retry_after

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
MESSAGE_IN_MESSAGE = (
    '{\r\n  "subCode": "MessageWritesBlocked",\r\n  "details": "Thread is blocked from message writes.",'
    '\r\n  "errorCode": null,\r\n  "errorSubCode": null\r\n}'
)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": {"code": "ConversationNotFound", "message": "Conversation not found."}}, "ConversationNotFound"),
        ({"error": {"code": "Bad Argument", "message": "x"}}, "BadArgument"),
        ({"error": {"code": "MessageWritesBlocked"}}, "MessageWritesBlocked"),
        ({"errorCode": 209, "message": MESSAGE_IN_MESSAGE}, "MessageWritesBlocked"),
        ({"error": {"code": "Forbidden", "message": MESSAGE_IN_MESSAGE}}, "MessageWritesBlocked"),
        ({"errorCode": 1000, "message": "plain"}, "1000"),
        ({"code": "ServiceError", "message": "x"}, "ServiceError"),
        ({"error": "invalid_client", "error_description": "AADSTS7000215"}, "invalid_client"),
        ({"message": '{"code": "Inner"}'}, "Inner"),
        ({"error": {"code": None, "message": "x"}}, ""),
        ({"error": {"code": True}}, ""),
        ({"error": {"code": {"a": 1}}}, ""),
        ({"error": ["x"]}, ""),
        ({"message": '"text"'}, ""),
        ({}, ""),
        ([], ""),
        ("text", ""),
        (None, ""),
    ],
)
def test_the_code_is_found_in_every_known_envelope(body: object, code: str) -> None:
    assert error_code(orjson.dumps(body)) == code


@pytest.mark.parametrize("body", [b"", None, b"<html>502</html>", b'{"error":', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_envelope_has_no_code(body: bytes | None) -> None:
    assert error_code(body) == ""


@pytest.mark.parametrize("code", ["secret text of a message\u2026", "x" * 65, "a\x00b", "<b>", "\u202e"])
def test_a_code_that_is_none_is_not_kept(code: str) -> None:
    assert error_code(orjson.dumps({"error": {"code": code}})) == ""


NAMES = st.sampled_from(["error", "code", "message", "errorCode", "subCode"])
VALUES = st.none() | st.booleans() | st.integers(-9, 9) | st.text() | st.just(MESSAGE_IN_MESSAGE)


@given(st.recursive(VALUES, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner)))
def test_no_answer_upsets_the_reader(body: object) -> None:
    code = error_code(orjson.dumps(body))
    assert len(code) <= 64
    assert code.isascii()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 12 ", 12.0),
        ("1.5", 1.5),
        ("Sun, 22 Nov 2026 09:00:30 GMT", 30.0),
        ("Sunday, 22-Nov-26 09:00:30 GMT", 30.0),
        ("Sun Nov 22 09:00:30 2026", 30.0),
        ("Sun, 22 Nov 2026 10:00:30 +0100", 30.0),
        ("Sun, 22 Nov 2026 08:59:00 GMT", 0.0),
        ("999999999999", LONGEST_WAIT),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1e3", None),
        ("\u0661", None),
        ("nan", None),
        ("inf", None),
        ("Sun, 99 Nov 2026 09:00:30 GMT", None),
    ],
)
def test_retry_after_is_read(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


@given(st.integers(0, int(LONGEST_WAIT)))
def test_seconds_and_the_date_that_they_make_mean_the_same(seconds: int) -> None:
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert retry_after(str(seconds), NOW) == retry_after(date, NOW) == seconds


def test_a_date_is_counted_from_the_clock_of_who_sent_it() -> None:
    theirs = NOW + timedelta(minutes=5)
    until, date = (format_datetime(each, usegmt=True) for each in (theirs + timedelta(seconds=7), theirs))
    assert retry_after(until, NOW, date) == 7
    assert retry_after(until, NOW, "no date") == 307


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,3} [A-Z][a-z]{2} [0-9]{1,6} [0-9:]{1,12} [A-Z+0-9-]{1,6}"))
def test_any_header_gives_a_wait_that_can_be_kept_or_none(header: str) -> None:
    seconds = retry_after(header, NOW)
    assert seconds is None or 0 <= seconds <= LONGEST_WAIT
