"""The search of all logs after a run can find what it is there for."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis.strategies import just

from bellwire.model.message import Message
from tests.support import logwatch


def test_a_text_that_was_logged_is_found() -> None:
    message = Message(id="1", text="The lift is stuck again")
    assert logwatch.secrets_in(f"sending {message.text}", {"The lift is stuck again"})


@pytest.mark.parametrize(
    "line",
    [
        "Authorization: Bearer abcdefghijklmnop",
        "token eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2FwaSJ9",
        "made key bw_aBcDeFgHiJkLmNoPqRsT",
        "POST /flow?api-version=1&sig=abc123",
    ],
)
def test_what_looks_like_a_secret_is_found(line: str) -> None:
    assert logwatch.secrets_in(line, set())


def test_a_text_that_a_test_used_is_on_the_list() -> None:
    Message(id="1", text="The lift is stuck once more")
    assert "The lift is stuck once more" in logwatch.told()


@given(just("An invented text about lifts"))
def test_a_text_that_hypothesis_invented_is_not_on_the_list(text: str) -> None:
    Message(id="1", text=text)
    assert text not in logwatch.told()


def test_an_ordinary_line_is_left_alone() -> None:
    assert not logwatch.secrets_in('{"event": "attempt_finished", "delivery": "0190-1"}', {"The lift is stuck again"})


def test_every_log_of_this_run_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("bellwire.somewhere").debug("the watch was here")
    kept = [path.read_text() for path in logwatch.log_file("x").parent.glob("*.log")]
    assert any("the watch was here" in text for text in kept)
