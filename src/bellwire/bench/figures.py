"""The arithmetic of the bench: pure, so that it can be tested."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from statistics import median


def quantile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of all values do not exceed (nearest rank).

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values, no quantile")
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def paired_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median over rounds of ours divided by theirs of the same round.

    Noise of a shared machine comes and goes over seconds, so it hits both of a round alike and falls out.
    """
    pairs = [mine / other for mine, other in zip(ours, theirs, strict=True) if other > 0]
    return median(pairs) if pairs else 0.0


def per_thousand(cost: float, count: int) -> float:
    """The cost of a thousand, or nothing where nothing was done."""
    return cost / count * 1_000 if count else 0.0


def least_seconds(people: int, per_second: int) -> float:
    """The shortest time in which a limit lets so many messages pass."""
    return people / per_second


def fullest_window(times: Sequence[float], seconds: float) -> int:
    """The most events within any stretch of this length (its end not included), wherever the stretch begins."""
    ordered = sorted(times)
    most = first = 0
    for last, time in enumerate(ordered):
        while time - ordered[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
