"""What each section finds, in the shape of the JSON file."""

from __future__ import annotations

from typing import TypedDict


class Standing(TypedDict):
    """How one contender did: medians over the rounds, the server's own count beside the contender's.

    ``of_bare`` and ``cpu_of_bare`` are rate and cost against the bare loop in the same round; ``core`` is the share of
    the core that the contender had. Where that is far below 1, others used it, and the costs say more than the rates.
    """

    name: str
    label: str
    callers: int
    rate: float
    rate_low: float
    rate_high: float
    cpu_per_thousand: float
    of_bare: float
    cpu_of_bare: float
    core: float
    peak_mb: float
    sent: int
    failed: int
    confirmed: int
    people: int


class Throughput(TypedDict):
    """Section 1. ``share_of_bare`` and ``times_best_sdk`` are medians of ratios within a round."""

    rounds: int
    lap_seconds: float
    standings: list[Standing]
    share_of_bare: float | None
    times_best_sdk: float | None
    best_sdk: str | None
    left_out: list[str]


class Paced(TypedDict):
    """Section 2. ``factor`` is the time taken over the least time that the limit allows."""

    people: int
    per_second: int
    least_seconds: float
    seconds: float
    factor: float
    throttled: int
    fullest_second: int
    sent: int


class UrgentRun(TypedDict):
    """Section 3, one of its runs: milliseconds from the call to the arrival at the connector."""

    paced: bool
    bulk: int
    bulk_left: int
    urgent: int
    p50_ms: float
    p99_ms: float
    worst_ms: float
    accepted_p50_ms: float
    latencies_ms: list[float]


class Backlog(TypedDict):
    """Section 4, one of its levels: what a message costs while so many are queued."""

    queued: int
    rate: float
    cpu_per_thousand: float
    rss_mb: float
    peak_mb: float
    database_mb: float
    cost_ratio: float


class AcceptOne(TypedDict):
    """Section 5: milliseconds from the HTTP request to its answer, the delivery being durable by then."""

    callers: int
    count: int
    rate: float
    p50_ms: float
    p99_ms: float
    worst_ms: float
    latencies_ms: list[float]


class AcceptMany(TypedDict):
    """Section 5: one message to many people in one call; ``way`` says whether over HTTP."""

    way: str
    deliveries: int
    seconds: list[float]
    median_seconds: float
    peak_mb: float


class AcceptHanded(TypedDict):
    """Section 5: one message to many people in one call of the connector; of so many the end was read back."""

    deliveries: int
    seconds: list[float]
    median_seconds: float
    ends_read: int
    reading_seconds: float


class Accept(TypedDict):
    """Section 5."""

    one: list[AcceptOne]
    many: list[AcceptMany]
    handed: AcceptHanded


class Relayed(TypedDict):
    """Section 6: milliseconds of a turn without and with the relay; ``learnt`` turns are known to the service."""

    turns: int
    learnt: int
    direct_p50_ms: float
    relayed_p50_ms: float
    added_p50_ms: float
    added_p99_ms: float


class TenantsRun(TypedDict):
    """Section 7, one of its runs; without ``per_second`` there is no limit, and no ``slowest_of_limit``, which is the
    share of its limit that the slowest tenant reached. PostgreSQL's CPU is told apart for sending and accepting;
    ``log_bytes`` is its write-ahead log for one message, both together.
    """

    tenants: int
    per_second: int | None
    rate: float
    slowest_of_limit: float | None
    pacing_per_thousand: float
    cpu_per_thousand: float
    database_cpu_per_thousand: float
    accepting_cpu_per_thousand: float
    log_bytes: float


class Tenants(TypedDict):
    """Section 7."""

    runs: list[TenantsRun]


class Findings(TypedDict, total=False):
    """All that one run of the bench found."""

    machine: dict[str, str | int]
    quick: bool
    throughput: Throughput
    paced: Paced
    urgent: list[UrgentRun]
    queue: list[Backlog]
    accept: Accept
    relay: Relayed
    tenants: Tenants
