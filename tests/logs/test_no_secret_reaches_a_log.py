"""Whatever is logged, by us or by a library: no token, no key, no secret, no message text."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import structlog

from bellwire.errors import NotFound
from bellwire.logs import NOISY, configure_logs, describe_exception, without_secrets

JWT = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJhdWQiOiJib3QifQ.c2lnbmF0dXJl"


@pytest.fixture
def lines() -> Iterator[StringIO]:
    touched = [logging.getLogger(name) for name in ("", *NOISY)]
    handlers, levels = touched[0].handlers[:], [logger.level for logger in touched]
    stream = StringIO()
    configure_logs("debug", console=False, stream=stream)
    yield stream
    touched[0].handlers[:] = handlers
    for logger, level in zip(touched, levels, strict=True):
        logger.setLevel(level)


def last(lines: StringIO) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(lines.getvalue().splitlines()[-1])
    return found


@pytest.mark.parametrize(
    "secret",
    [
        JWT,
        f"Bearer {JWT[:20]}",
        "bearer abc.def",
        "bw_0123456789abcdefghij",
        "https://flow.example/run?sig=Zm9v&v=1",
        "client_secret=hunter2",
        "url: /v1/traces?api-token=hunter2 (Caused by ...)",
        "http://collector:4318/v1/traces?a&b=1&tenant=hunter2",
        "postgresql://bellwire:hunter2@db/bellwire",
    ],
)
def test_what_looks_like_a_secret_is_taken_out_of_any_text(secret: str) -> None:
    cleaned = without_secrets(f"before {secret} after")
    assert "hunter2" not in cleaned
    assert "Zm9v" not in cleaned
    assert "eyJ" not in cleaned
    assert "abc.def" not in cleaned
    assert "bw_" not in cleaned
    assert cleaned.startswith("before ")


@pytest.mark.parametrize("name", ["authorization", "client_secret", "api_key", "Set-Cookie", "text", "card"])
def test_what_is_named_like_a_secret_is_taken_out_at_any_depth(lines: StringIO, name: str) -> None:
    structlog.get_logger("bellwire.test").info("seen", **{name: "hush"}, inside=[{name: {"deeper": "hush"}}])
    assert "hush" not in lines.getvalue()
    assert last(lines)["event"] == "seen"


def test_the_standard_librarys_loggers_go_the_same_way(lines: StringIO) -> None:
    logging.getLogger("uvicorn.error").warning("refused %s", f"Bearer {JWT}")
    assert JWT not in lines.getvalue()
    assert last(lines)["logger"] == "uvicorn.error"


def test_an_exception_is_told_by_its_class_and_way_without_its_words(lines: StringIO) -> None:
    try:
        raise ValueError("input_value='very private'")
    except ValueError:
        structlog.get_logger("bellwire.test").exception("failed")
    assert "private" not in lines.getvalue()
    assert last(lines)["exception"].startswith("ValueError at test_no_secret_reaches_a_log.py:")


def test_our_own_errors_keep_their_words() -> None:
    assert "There is no such delivery." in describe_exception(NotFound("There is no such delivery."))


def test_chatty_libraries_are_heard_from_warnings_on(lines: StringIO) -> None:
    logging.getLogger("azure.identity").info("a request with headers")
    assert lines.getvalue() == ""
