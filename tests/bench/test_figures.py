"""The arithmetic of the bench."""

from __future__ import annotations

import pytest

from bellwire.bench.figures import fullest_window, least_seconds, paired_ratio, per_thousand, quantile


def test_a_quantile_is_the_nearest_rank() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert quantile(values, 0.5) == 50
    assert quantile(values, 0.99) == 99
    assert quantile([7.0], 0.99) == 7


def test_no_values_have_no_quantile() -> None:
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)


def test_a_ratio_is_taken_within_rounds_so_that_noise_that_hits_both_falls_out() -> None:
    quiet, noisy = [400.0, 600.0], [40.0, 60.0]
    assert paired_ratio([quiet[0], noisy[0], quiet[0]], [quiet[1], noisy[1], quiet[1]]) == pytest.approx(2 / 3)


def test_a_round_in_which_the_other_did_nothing_says_nothing() -> None:
    assert paired_ratio([5.0, 6.0], [0.0, 3.0]) == 2
    assert paired_ratio([5.0], [0.0]) == 0


def test_the_cost_of_nothing_is_nothing() -> None:
    assert per_thousand(3.0, 0) == 0
    assert per_thousand(3.0, 1_500) == 2


def test_the_limit_sets_the_least_time() -> None:
    assert least_seconds(20_000, 50) == 400


def test_the_fullest_window_may_begin_anywhere() -> None:
    assert fullest_window([0.0, 0.9, 1.0, 1.1, 1.8, 3.0], 1.0) == 4
    assert fullest_window([0.0, 1.0, 2.0], 1.0) == 1
    assert fullest_window([], 1.0) == 0
