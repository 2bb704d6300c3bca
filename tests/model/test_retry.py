"""Waits grow, scatter, stay bounded, and obey Retry-After."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwire.model.retry import RetryPolicy, backoff, exhausted, probe_after, wait

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
POLICY = RetryPolicy()


@given(st.floats(0, 1, exclude_max=True), st.one_of(st.none(), st.floats(0, 1e6)))
def test_a_wait_is_never_shorter_than_the_first_nor_longer_than_the_cap(random: float, previous: float | None) -> None:
    assert POLICY.first <= backoff(previous, random, POLICY) <= POLICY.cap


def test_waits_grow_from_the_wait_before() -> None:
    assert backoff(None, 0.999, POLICY) < 3.0
    assert backoff(10.0, 0.999, POLICY) > 29.0


@given(st.floats(0, 1, exclude_max=True), st.floats(1, 3000), st.one_of(st.none(), st.floats(0, 60)))
def test_retry_after_is_obeyed_to_the_second(random: float, after: float, previous: float | None) -> None:
    assert wait(after, previous, random, POLICY) == timedelta(seconds=after)


def test_a_retry_after_of_nothing_makes_no_tight_loop() -> None:
    assert wait(0.0, None, 0.5, POLICY) == timedelta(seconds=POLICY.first)


@pytest.mark.parametrize("after", [1e300, float("inf")])
def test_an_absurd_retry_after_is_a_day_at_most(after: float) -> None:
    assert wait(after, None, 0.5, POLICY) == timedelta(days=1)


def test_tries_are_bounded() -> None:
    assert not exhausted(NOW, tries=POLICY.tries - 1, first_try_at=NOW, policy=POLICY)
    assert exhausted(NOW, tries=POLICY.tries, first_try_at=NOW, policy=POLICY)


def test_the_total_time_is_bounded() -> None:
    assert not exhausted(NOW, tries=1, first_try_at=NOW - timedelta(seconds=3600), policy=POLICY)
    assert exhausted(NOW, tries=1, first_try_at=NOW - timedelta(seconds=3601), policy=POLICY)


def test_a_halted_sender_is_probed_ever_more_rarely() -> None:
    assert [probe_after(halted) for halted in (0.0, 30.0, 60.0, 400.0, 1e6)] == [30.0, 30.0, 60.0, 400.0, 900.0]
