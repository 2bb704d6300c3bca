"""When an event is told again, and when a receiver is left alone: pure decisions, over all that can happen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwire.model.callback import CallbackPolicy, Reply, next_try, pause, reply, wait, worn_out

POLICY = CallbackPolicy()
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

tries = st.integers(1, 10_000)
after = st.none() | st.floats(0, 1e9)
chance = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (200, Reply.TAKEN),
        (204, Reply.TAKEN),
        (410, Reply.GONE),
        (301, Reply.FAILED),
        (404, Reply.FAILED),
        (503, Reply.FAILED),
    ],
)
def test_what_a_status_means(status: int, meaning: Reply) -> None:
    assert reply(status) is meaning


@given(tries, after, chance)
def test_a_wait_is_never_shorter_than_asked_for_and_never_longer_than_a_day(
    count: int, asked: float | None, random: float
) -> None:
    seconds = wait(count, asked, random, POLICY).total_seconds()
    assert 0.8 * POLICY.first <= seconds <= 86_400
    if asked is not None:
        assert seconds >= min(asked, 86_400) - 1e-6


@given(st.integers(1, 7), chance, chance)
def test_waits_grow_whatever_chance_says(count: int, one: float, other: float) -> None:
    assert wait(count, None, one, POLICY) < wait(count + 1, None, other, POLICY) or count > 6


@given(chance)
def test_an_event_is_tried_often_and_then_no_more(random: float) -> None:
    made, now, count = NOW, NOW, 0
    while True:
        count += 1
        again = next_try(made, count, None, random, now, POLICY)
        if again is None:
            break
        now = again
    assert 8 <= count <= 20
    assert now - made <= timedelta(seconds=POLICY.total)


@given(st.floats(0, 86_400), st.floats(0, 1e9), chance)
def test_a_wait_that_the_receiver_asks_for_is_waited_out(since: float, asked: float, random: float) -> None:
    """However long it is: only the try after it, if that is later than a day, is the last."""
    now = NOW + timedelta(seconds=since)
    again = next_try(NOW, 1, asked, random, now, POLICY)
    assert again == now + wait(1, asked, random, POLICY)
    late = NOW + timedelta(seconds=POLICY.total + 1)
    assert next_try(NOW, 2, asked, random, late, POLICY) is None


def test_a_receiver_that_failed_once_or_twice_is_not_left_alone() -> None:
    assert pause(1, None, 0.5, POLICY) is None
    assert pause(2, None, 0.5, POLICY) is None
    assert pause(3, None, 0.5, POLICY) == timedelta(seconds=POLICY.first)
    assert pause(0, 60.0, 0.5, POLICY) == timedelta(seconds=60)


def test_a_receiver_that_keeps_failing_is_asked_with_one_event() -> None:
    assert [POLICY.share(failures) for failures in (0, 2, 3, 100)] == [32, 32, 1, 1]


def test_days_of_failure_are_the_end() -> None:
    assert not worn_out(NOW, NOW + timedelta(days=4.9), POLICY)
    assert worn_out(NOW, NOW + timedelta(days=5), POLICY)
