"""Inside a lane, and between lanes."""

from __future__ import annotations

from collections import Counter
from math import inf

from bellwire.delivery.conversation import LONGEST_LINE
from bellwire.delivery.lane import Lane
from bellwire.delivery.lanes import Lanes
from bellwire.delivery.turns import turn
from bellwire.delivery.work import Work
from bellwire.model.delivery import Priority
from bellwire.model.pacing import CONVERSATION_WINDOWS, Window
from bellwire.store.lanes import LaneKey

from .engine import NOW, OTHER_TENANT, TENANT, new_delivery, person
from .engine import work as held

KEY = LaneKey("alerts", TENANT)


class Turned:
    """Collects what a lane turns away."""

    def __init__(self) -> None:
        self.away: list[tuple[Work, float]] = []

    def __call__(self, work: Work, later: float) -> None:
        self.away.append((work, later))


def lane(
    per_second: int = 1_000_000, windows: tuple[Window, ...] = CONVERSATION_WINDOWS, tenant: str = TENANT
) -> tuple[Lane, Turned]:
    turned = Turned()
    return Lane(LaneKey("alerts", tenant), per_second, turned, windows), turned


def work(number: int, priority: Priority = Priority.NORMAL, tenant: str = TENANT) -> Work:
    who = person(number, tenant=tenant)
    return held(who, delivery_id=new_delivery(who, NOW).delivery.id, priority=priority, conversation_id="a:1")


def test_of_ten_turns_one_begins_with_bulk_and_two_with_normal() -> None:
    assert Counter(turn(number)[0] for number in range(1_000)) == {
        Priority.URGENT: 700, Priority.NORMAL: 200, Priority.BULK: 100
    }  # fmt: skip


def test_whatever_the_turn_nobody_is_left_out() -> None:
    assert all(set(turn(number)) == set(Priority) for number in range(20))


def test_urgent_goes_first_and_bulk_never_starves() -> None:
    many, _ = lane()
    for number in range(300):
        many.add(work(number, Priority(number % 3)))
    started = Counter[Priority]()
    for _ in range(100):
        taken = many.take(0.0)
        assert taken is not None
        started[taken.priority] += 1
    assert started == {Priority.URGENT: 70, Priority.NORMAL: 20, Priority.BULK: 10}


def test_a_pause_shuts_the_lane_until_its_end() -> None:
    paused, _ = lane()
    paused.add(work(1))
    paused.paused_until = 30.0
    assert paused.take(29.9) is None
    assert paused.opens_at(29.9) == 30.0
    assert paused.take(30.0) is not None


def test_a_second_message_to_the_same_person_waits_for_the_first() -> None:
    narrow, _ = lane()
    first, second, other = work(1), work(1), work(2)
    for each in (first, second, other):
        narrow.add(each)
    assert narrow.take(0.0) is first
    assert narrow.take(0.0) is other
    assert narrow.take(0.0) is None
    narrow.settle(first, 0.1)
    assert narrow.take(0.1) is second


def test_of_those_in_line_the_urgent_one_goes_first() -> None:
    narrow, _ = lane()
    first, normal, urgent = work(1), work(1), work(1, Priority.URGENT)
    narrow.add(first)
    assert narrow.take(0.0) is first
    narrow.add(normal)
    assert narrow.take(0.0) is None
    narrow.add(urgent)
    assert narrow.take(0.0) is None
    narrow.settle(first, 0.1)
    assert narrow.take(0.1) is urgent


def test_a_conversation_at_its_limit_is_called_again_when_it_opens() -> None:
    narrow, turned = lane()
    for _ in range(8):
        narrow.add(work(1))
    for _ in range(7):
        taken = narrow.take(0.0)
        assert taken is not None
        narrow.settle(taken, 0.0)
    assert narrow.take(0.0) is None
    assert narrow.opens_at(0.0) == 1.0
    assert narrow.take(1.0) is not None
    assert turned.away == []


def test_what_would_wait_for_long_goes_back_to_the_queue_each_with_a_later_time() -> None:
    narrow, turned = lane()
    narrow.restore([], [(person(1).aad_object_id, twelfth / 12) for twelfth in range(60)])
    for _ in range(5):
        narrow.add(work(1))
    assert narrow.take(6.0) is None
    assert [later for _, later in turned.away] == [24.0, 24.5, 25.0, 25.5, 26.0]


def test_a_line_has_an_end() -> None:
    narrow, turned = lane()
    for _ in range(LONGEST_LINE + 3):
        narrow.add(work(1))
    assert narrow.take(0.0) is not None
    assert narrow.take(0.0) is None
    assert len(turned.away) == 2


def test_who_was_written_to_once_is_forgotten_soon() -> None:
    wide, _ = lane()
    for number in range(100):
        wide.add(work(number))
    for number in range(100):
        taken = wide.take(float(number))
        assert taken is not None
        wide.settle(taken, float(number))
    assert wide.conversations <= 31


def test_emptying_a_lane_gives_back_everything() -> None:
    narrow, _ = lane()
    works = [work(1), work(1), work(2)]
    for each in works:
        narrow.add(each)
    taken = narrow.take(0.0)
    assert taken is works[0]
    assert narrow.take(0.0) is works[2]
    assert narrow.empty() == [works[1]]
    assert narrow.opens_at(0.0) == inf


def house(seats: int, urgent_seats: int = 0, *tenants: str, per_second: int = 1_000_000) -> Lanes:
    lanes = Lanes(seats, urgent_seats)
    for tenant in tenants:
        lanes.open(lane(per_second, tenant=tenant)[0])
    return lanes


def give(lanes: Lanes, *works: Work) -> None:
    for each in works:
        found = lanes.get(LaneKey(each.person.sender, each.person.tenant_id))
        assert found is not None
        found.add(each)
        lanes.touch(found)


def test_lanes_take_turns() -> None:
    lanes = house(100, 0, TENANT, OTHER_TENANT)
    give(lanes, *(work(number) for number in range(10)))
    give(lanes, *(work(number, tenant=OTHER_TENANT) for number in range(10)))
    taken = [lanes.take(0.0) for _ in range(10)]
    assert Counter(each.person.tenant_id for each in taken if each) == {TENANT: 5, OTHER_TENANT: 5}


def test_a_full_house_keeps_a_seat_for_the_urgent() -> None:
    lanes = house(4, 1, TENANT)
    give(lanes, *(work(number, Priority.BULK) for number in range(10)))
    assert sum(lanes.take(0.0) is not None for _ in range(10)) == 3
    urgent = work(99, Priority.URGENT)
    give(lanes, urgent)
    assert lanes.take(0.0) is urgent
    give(lanes, work(98, Priority.URGENT))
    assert lanes.take(0.0) is None


def test_a_seat_that_is_left_is_taken_by_the_next() -> None:
    lanes = house(1, 0, TENANT)
    give(lanes, work(1), work(2))
    first = lanes.take(0.0)
    assert first is not None
    assert lanes.take(0.0) is None
    lanes.settle(first, 0.5)
    assert lanes.take(0.5) is not None


def test_a_paused_lane_holds_up_no_other() -> None:
    lanes = house(10, 0, TENANT, OTHER_TENANT)
    shut = lanes.get(KEY)
    assert shut is not None
    shut.paused_until = 60.0
    give(lanes, work(1), work(2, tenant=OTHER_TENANT))
    taken = lanes.take(0.0)
    assert taken is not None
    assert taken.person.tenant_id == OTHER_TENANT
    assert lanes.take(0.0) is None
    assert lanes.next_at() == 60.0
    assert lanes.take(60.0) is not None


def test_a_paced_lane_is_called_again_at_its_next_slot() -> None:
    lanes = house(10, 0, TENANT, per_second=10)
    give(lanes, *(work(number) for number in range(5)))
    while lanes.take(0.0) is not None:
        pass
    assert 0.0 < lanes.next_at() < 0.11
    assert lanes.take(lanes.next_at()) is not None
