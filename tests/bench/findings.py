"""Findings as a run would make them, small and made up."""

from __future__ import annotations

from bellwire.bench.results import (
    Accept,
    AcceptHanded,
    AcceptMany,
    AcceptOne,
    Backlog,
    Findings,
    Paced,
    Relayed,
    Standing,
    Throughput,
    UrgentRun,
)


def standing(name: str, rate: float) -> Standing:
    return Standing(
        name=name,
        label=name.replace("_", " "),
        callers=16,
        rate=rate,
        rate_low=rate * 0.8,
        rate_high=rate * 1.2,
        cpu_per_thousand=1_000 / rate,
        of_bare=rate / 6_000,
        cpu_of_bare=6_000 / rate,
        core=1.0,
        peak_mb=60,
        sent=10_000,
        failed=0,
        confirmed=10_000,
        people=5_000,
    )


def backlog(queued: int, cost: float, ratio: float) -> Backlog:
    return Backlog(
        queued=queued,
        rate=1 / cost * 1_000,
        cpu_per_thousand=cost,
        rss_mb=90,
        peak_mb=120,
        database_mb=queued / 2_000,
        cost_ratio=ratio,
    )


def urgent_run(paced: bool, p99: float) -> UrgentRun:
    return UrgentRun(
        paced=paced,
        bulk=100_000,
        bulk_left=50_000,
        urgent=3,
        p50_ms=9,
        p99_ms=p99,
        worst_ms=p99,
        accepted_p50_ms=2,
        latencies_ms=[8, 9, p99],
    )


def findings() -> Findings:
    """A run that misses one target: the unthrottled urgent message."""
    return Findings(
        machine={"date": "2026-11-23 00:00 UTC", "processor": "A Processor", "cores": 2},
        quick=False,
        throughput=Throughput(
            rounds=40,
            lap_seconds=2,
            standings=[standing("bellwire", 4_000), standing("bare_aiohttp", 6_000), standing("m365_agents", 400)],
            share_of_bare=0.66,
            times_best_sdk=10.0,
            best_sdk="m365 agents",
            left_out=[],
        ),
        paced=Paced(
            people=20_000,
            per_second=50,
            least_seconds=400,
            seconds=402,
            factor=1.005,
            throttled=0,
            fullest_second=50,
            sent=20_000,
        ),
        urgent=[urgent_run(True, 60), urgent_run(False, 140)],
        queue=[backlog(10_000, 0.2, 1.0), backlog(1_000_000, 0.22, 1.1)],
        accept=Accept(
            one=[
                AcceptOne(callers=1, count=3, rate=300, p50_ms=3, p99_ms=9, worst_ms=9, latencies_ms=[2, 3, 9]),
                AcceptOne(callers=32, count=3, rate=900, p50_ms=30, p99_ms=90, worst_ms=90, latencies_ms=[20, 30, 90]),
            ],
            many=[
                AcceptMany(way=way, deliveries=100_000, seconds=[2.5, 2.6, 2.4], median_seconds=2.5, peak_mb=150)
                for way in ("over HTTP", "by the library")
            ],
            handed=AcceptHanded(
                deliveries=5_000, seconds=[0.2, 0.3, 0.4], median_seconds=0.3, ends_read=5_000, reading_seconds=0.5
            ),
        ),
        relay=Relayed(
            turns=2_000,
            learnt=2_020,
            direct_p50_ms=1.5,
            relayed_p50_ms=3.2,
            added_p50_ms=1.7,
            added_p99_ms=3.1,
        ),
    )
