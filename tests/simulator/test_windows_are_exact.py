"""The sliding windows, against a reference that simply looks at every request again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bellwire.simulator.limits import Gate, Limits, Meter, Window

WINDOWS = (Window(3, 1.0), Window(4, 2.0), Window(9, 30.0))

# In 64ths of a second, which floats add exactly: the edge of a window is part of what is tested.
gaps = st.lists(st.sampled_from([0, 1, 8, 15, 16, 20, 32, 63, 64, 65, 448, 1984]).map(lambda n: n / 64), max_size=80)


def instants(between: list[float]) -> list[float]:
    times, now = [], 0.0
    for gap in between:
        now += gap
        times.append(now)
    return times


def naive_full(counted: list[float], now: float, windows: tuple[Window, ...]) -> list[Window]:
    """The windows that end at ``now`` and hold as many requests as they may already."""
    return [window for window in windows if sum(time + window.seconds - now > 0 for time in counted) >= window.most]


@given(gaps)
def test_a_meter_says_full_exactly_when_the_reference_does(between: list[float]) -> None:
    meter, counted = Meter(WINDOWS), list[float]()
    for now in instants(between):
        full, expected = meter.full(now), naive_full(counted, now, WINDOWS)
        assert (full is None) == (not expected)
        if full is None:
            meter.count(now)
            counted.append(now)
        else:
            assert full[0] in expected


@given(gaps)
def test_after_the_wait_there_is_room(between: list[float]) -> None:
    meter = Meter(WINDOWS)
    for now in instants(between):
        full = meter.full(now)
        if full is None:
            meter.count(now)
        else:
            assert meter.full(now + full[1]) is None
            assert meter.full(now + full[1] / 2) is not None


@given(gaps)
def test_what_is_let_through_never_exceeds_a_window(between: list[float]) -> None:
    gate = Gate(Limits(tenant=(Window(5, 1.0),), send=WINDOWS))
    through = [now for now in instants(between) if gate.arrive("app", "tenant", "send", "chat", now) is None]
    for window in WINDOWS:
        for start in range(len(through) - window.most):
            assert through[start + window.most] - through[start] >= window.seconds


@given(gaps)
def test_not_enforced_is_measured_all_the_same(between: list[float]) -> None:
    gate = Gate(Limits(enforce=False, tenant=(), send=WINDOWS))
    counted: list[float] = []
    expected = 0
    for now in instants(between):
        expected += bool(naive_full(counted, now, WINDOWS))
        counted.append(now)
        assert gate.arrive("app", "tenant", "send", "chat", now) is None
    assert gate.exceeded.total() == expected


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.booleans()), max_size=60))
def test_tenants_apps_and_lanes_do_not_share_a_window(requests: list[tuple[str, str, bool]]) -> None:
    """All at one instant: what is let through is the smaller of the tenant's and the lane's room."""
    gate = Gate(Limits(tenant=(Window(10, 1.0),), send=(Window(4, 1.0),), read=(Window(6, 1.0),)))
    through: dict[tuple[str, ...], int] = {}
    for app, lane, reads in requests:
        kind = "read" if reads else "send"
        room = through.get((app,), 0) < 10 and through.get((app, kind, lane), 0) < (6 if reads else 4)
        assert (gate.arrive(app, "tenant", kind, lane, 5.0) is None) == room
        if room:
            for key in ((app,), (app, kind, lane)):
                through[key] = through.get(key, 0) + 1


def test_several_bots_share_the_windows_of_a_conversation() -> None:
    gate = Gate(Limits())
    gate.several_bots = True
    refused = [gate.arrive(app, "tenant", "send", "chat", 1.0) for app in "abc" for _ in range(7)]
    assert [verdict.name for verdict in refused if verdict] == ["all bots 14/1s"] * 7


def test_a_split_message_counts_twice() -> None:
    gate = Gate(Limits())
    for _ in range(4):
        assert gate.arrive("app", "tenant", "send", "chat", 1.0, weight=2) is None
    assert gate.arrive("app", "tenant", "send", "chat", 1.0) is not None


def test_a_long_run_keeps_no_more_than_it_needs() -> None:
    meter = Meter((Window(50, 1.0),))
    for number in range(100_000):
        meter.count(number / 100)
    assert len(meter._times) <= 2 * 50 + 64
