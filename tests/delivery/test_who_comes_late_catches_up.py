"""A lane that has work and is served late makes up for it; one that had none, or was shut, begins with two at once."""

from __future__ import annotations

from itertools import count

from bellwire.delivery.lane import Lane
from bellwire.model.delivery import Priority

from .test_whose_turn_it_is import lane, work

PER_SECOND, LATE = 50, 0.09
"""At this rate a slot is 20 ms long: four pass while a lane is so late."""

_people = count()


def starts(one: Lane, now: float) -> int:
    """How many start at this moment, each a nanosecond after the one before: no float is exact."""
    moments = count(now, 1e-9)
    return sum(1 for _ in iter(lambda: one.take(next(moments)), None))


def give(one: Lane, number: int) -> None:
    for _ in range(number):
        one.add(work(next(_people), Priority.BULK))


def busy() -> tuple[Lane, float]:
    """A lane with work that was served just now, and the moment of its next slot."""
    one, _ = lane(PER_SECOND)
    give(one, 20)
    assert starts(one, 0.0) == 2
    return one, one.opens_at(0.0)


def test_who_has_work_and_is_served_late_makes_up_for_it() -> None:
    one, opens = busy()
    assert starts(one, opens + LATE) >= 5


def test_to_be_asked_for_urgent_ones_only_is_no_rest() -> None:
    one, opens = busy()
    one.take(opens, urgent_only=True)
    assert starts(one, opens + LATE) >= 5


def test_who_had_nothing_to_send_begins_with_two_at_once() -> None:
    one, opens = busy()
    one.empty()
    assert starts(one, opens) == 0
    give(one, 20)
    assert starts(one, opens + LATE) == 2


def test_who_was_shut_begins_with_two_at_once() -> None:
    one, opens = busy()
    one.paused_until = opens + LATE
    assert starts(one, opens) == 0
    assert starts(one, opens + LATE) == 2
