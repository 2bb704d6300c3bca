"""No window is ever exceeded, whatever the traffic; and hardly any rate is lost."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bellwire.model.pacing import CONVERSATION_WINDOWS, ConversationPace, TenantPace, Window

EPSILON = 1e-9
TEAMS_WINDOWS = (Window(7, 1.0), Window(8, 2.0), Window(60, 30.0), Window(1800, 3600.0))


def worst(arrivals: list[float], seconds: float) -> int:
    """The most arrivals that any ``seconds`` hold, the window's far end not included."""
    arrivals = sorted(arrivals)
    return max(bisect_left(arrivals, at + seconds - EPSILON) - number for number, at in enumerate(arrivals))


class Run:
    """Requests through one tenant's pace in simulated time; each arrives at Teams somewhere while under way."""

    def __init__(self, pace: TenantPace) -> None:
        self.pace = pace
        self.now = 0.0
        self.arrivals: list[float] = []
        self.starts: list[float] = []
        self._answers: list[tuple[float, float]] = []

    def request(self, *, latency: float, arrives: float, lateness: float) -> None:
        """Start one request as soon as the pace allows, ``lateness`` after the timer was due."""
        while (opens := self.pace.opens_at(self.now)) > self.now:
            due = self._answers[0][0] if self._answers else inf
            assert min(due, opens) < inf
            self.now = max(self.now, due if due <= opens else opens + lateness)
            self._settle_due()
        self.pace.start(self.now)
        self.starts.append(self.now)
        self.arrivals.append(self.now + latency * arrives)
        heapq.heappush(self._answers, (self.now + latency, self.now))

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        self._settle_due()

    def _settle_due(self) -> None:
        while self._answers and self._answers[0][0] <= self.now:
            at, started = heapq.heappop(self._answers)
            self.pace.settle(started, at)


request = st.tuples(
    st.sampled_from([0.0, 0.0, 0.0, 0.004, 0.11, 0.7, 5.0]),
    st.sampled_from([0.0, 0.002, 0.005, 0.08, 0.3, 1.2, 30.0]),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.sampled_from([0.0, 0.001, 0.015, 0.2]),
)


@given(st.integers(1, 60), st.lists(request, min_size=1, max_size=200), st.booleans())
@settings(max_examples=300, deadline=None)
def test_a_tenant_never_gets_more_than_its_limit_in_any_second(
    per_second: int, requests: list[tuple[float, float, float, float]], rests: bool
) -> None:
    run = Run(TenantPace(per_second))
    for pause, latency, arrives, lateness in requests:
        run.wait(pause)
        if rests:
            run.pace.rest(run.now)
        run.request(latency=latency, arrives=arrives, lateness=lateness)
    assert worst(run.arrivals, 1.0) <= per_second


def test_twenty_thousand_at_fifty_a_second_lose_less_than_two_per_cent() -> None:
    run = Run(TenantPace(50))
    for number in range(20_000):
        run.request(latency=0.005, arrives=number % 3 / 2, lateness=0.001)
    assert run.now <= 1.02 * 20_000 / 50
    assert worst(run.arrivals, 1.0) <= 50


def gaps(run: Run, since: int) -> list[float]:
    """The times between one start and the next."""
    return [later - earlier for earlier, later in zip(run.starts[since:], run.starts[since + 1 :], strict=False)]


@pytest.mark.parametrize("latency", [0.005, 0.08, 0.2])
def test_at_full_speed_the_next_slot_is_always_near(latency: float) -> None:
    run = Run(TenantPace(50))
    run.pace.rest(run.now)
    for _ in range(3_000):
        run.request(latency=latency, arrives=1.0, lateness=0.001)
    assert max(gaps(run, 500)) < 0.05


@pytest.mark.parametrize("lateness", [0.012, 0.05, 0.09])
def test_a_busy_worker_that_always_comes_late_does_so_once_a_window_and_not_once_a_slot(lateness: float) -> None:
    run = Run(TenantPace(50))
    for _ in range(2_000):
        run.request(latency=0.003, arrives=0.0, lateness=lateness)
    assert run.now <= 1.01 * (1.0 + 0.003 + lateness) * 2_000 / 50


def test_who_had_nothing_to_send_does_not_make_up_for_it() -> None:
    pace = TenantPace(50)
    pace.rest(7.0)
    started = 0
    while pace.opens_at(7.0) <= 7.0:
        pace.start(7.0)
        started += 1
    assert started == 2


def test_what_bunched_because_the_worker_came_late_dissolves() -> None:
    run = Run(TenantPace(50))
    run.pace.rest(run.now)
    for number in range(2_000):
        run.request(latency=0.005, arrives=0.0, lateness=0.09 if number == 100 else 0.0)
    assert max(gaps(run, 101)[:60]) > 0.05
    assert max(gaps(run, 1_500)) < 0.03


def test_a_very_fast_lane_is_not_slowed_by_its_spacing() -> None:
    pace = TenantPace(1_000_000)
    for _ in range(5_000):
        assert pace.opens_at(7.0) <= 7.0
        pace.start(7.0)


def test_requests_without_an_answer_keep_the_lane_shut() -> None:
    pace = TenantPace(2)
    pace.start(0.0)
    pace.start(0.0)
    assert pace.opens_at(1_000.0) == inf
    pace.settle(0.0, 1_000.0)
    assert pace.opens_at(1_000.0) == pytest.approx(1_001.0)


def test_what_an_earlier_process_sent_counts() -> None:
    pace = TenantPace(3)
    pace.restore([9.1, 9.8, 9.9])
    assert pace.opens_at(10.0) == pytest.approx(10.1)


ask = st.tuples(
    st.sampled_from([0.0, 0.0, 0.0, 0.0, 0.01, 0.4, 1.1, 25.0, 31.0, 90.0, 400.0, 3_000.0]),
    st.sampled_from([0.0, 0.01, 0.4, 2.0, 20.0]),
    st.sampled_from([0.0, 1.0]),
    st.integers(1, 40),
)


@given(st.lists(ask, min_size=1, max_size=150))
@settings(max_examples=200, deadline=None)
def test_a_conversation_never_gets_more_than_any_of_its_windows_allow(
    asks: list[tuple[float, float, float, int]],
) -> None:
    arrivals = played(asks)
    for limit, seconds in TEAMS_WINDOWS:
        assert worst(arrivals, seconds) <= limit


@pytest.mark.parametrize("rest", [0.0, 1.0, 29.9, 30.0, 60.0, 61.0])
@pytest.mark.parametrize("burst", [1, 2, 7, 40])
def test_forgetting_never_breaks_the_hours_window(rest: float, burst: int) -> None:
    arrivals = played([(rest, 0.0, 0.0, burst)] * (4_000 // burst))
    for limit, seconds in TEAMS_WINDOWS:
        assert worst(arrivals, seconds) <= limit


def played(asks: list[tuple[float, float, float, int]]) -> list[float]:
    """Arrivals at Teams; the log is dropped at the first moment at which it may be."""
    pace, now, arrivals = ConversationPace(), 0.0, []
    for pause, latency, arrives, times in asks:
        now += pause
        for _ in range(times):
            if pace.forgettable_at() <= now:
                pace = ConversationPace()
            now = max(now, pace.opens_at())
            pace.start()
            assert pace.opens_at() == inf
            arrivals.append(now + latency * arrives)
            now += latency
            pace.settle(now)
    return arrivals


def test_a_conversation_used_once_is_forgotten_after_thirty_seconds() -> None:
    pace = ConversationPace()
    pace.start()
    assert pace.forgettable_at() == inf
    pace.settle(5.0)
    assert pace.forgettable_at() == 35.0


def test_a_paused_conversation_is_kept_until_the_pause_ends() -> None:
    pace = ConversationPace()
    pace.start()
    pace.settle(5.0)
    pace.pause(100.0)
    assert pace.opens_at() == 100.0
    assert pace.forgettable_at() == 100.0


def test_a_busy_conversation_says_how_much_patience_it_takes() -> None:
    pace = ConversationPace()
    assert pace.patience() == 0.0
    pace.restore([float(second) for second in range(60)])
    assert pace.patience() == 0.5


def test_the_windows_can_be_switched_off() -> None:
    pace = ConversationPace(())
    for _ in range(100):
        assert pace.opens_at() == -inf
        pace.start()
        pace.settle(1.0)


def test_the_documented_windows_are_the_ones_enforced() -> None:
    assert CONVERSATION_WINDOWS[:3] == TEAMS_WINDOWS[:3]
