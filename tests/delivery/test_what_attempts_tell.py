"""The history is made of the attempts' rows alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bellwire.delivery.history import NEW, Attempt, history
from bellwire.model.outcome import Remedy, Step

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def attempt(
    outcome: str, step: Step = Step.POST, remedy: Remedy | None = None, wait: float | None = None, at: int = 0
) -> Attempt:
    ended = NOW + timedelta(seconds=at + 1)
    return Attempt(
        step=step,
        started_at=NOW + timedelta(seconds=at),
        finished_at=ended,
        outcome=outcome,
        remedy=remedy,
        retry_at=None if wait is None else ended + timedelta(seconds=wait),
    )


def test_without_attempts_there_is_nothing_to_tell() -> None:
    assert history([]) == NEW


def test_refusals_count_as_tries_and_their_last_wait_is_known() -> None:
    told = history([attempt("retry", wait=2.0), attempt("retry", wait=5.0, at=4), attempt("unknown", wait=3.5, at=10)])
    assert (told.tries, told.waited, told.first_at) == (3, 3.5, NOW)


def test_mending_and_halts_are_no_tries() -> None:
    told = history([attempt("halt", wait=0.0), attempt("heal", remedy=Remedy.NEW_TOKEN), attempt("retry", wait=1.0)])
    assert (told.tries, told.healed) == (1, frozenset({Remedy.NEW_TOKEN}))


def test_a_lost_chat_is_to_be_opened_until_it_is() -> None:
    lost = attempt("heal", remedy=Remedy.OPEN_CHAT)
    assert history([lost]).opening
    assert history([lost, attempt("retry", Step.OPEN_CHAT, wait=1.0)]).opening
    opened = history([lost, attempt("opened", Step.OPEN_CHAT)])
    assert not opened.opening
    assert opened.healed == {Remedy.OPEN_CHAT}
