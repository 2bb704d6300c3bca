"""The targets, and whether the findings meet them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bellwire.bench.results import Accept, Backlog, Findings, Paced, Relayed, Tenants, Throughput, UrgentRun

OURS = "bellwire"
TEAMS_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Verdict:
    """One target in words, what was found, and whether that is enough."""

    section: str
    target: str
    found: str
    met: bool


def verdicts(findings: Findings) -> list[Verdict]:
    """A verdict for every target whose section was run."""
    found: list[Verdict] = []
    if "throughput" in findings:
        found += _throughput(findings["throughput"])
    if "paced" in findings:
        found += _paced(findings["paced"])
    if "urgent" in findings:
        found += [_urgent(run) for run in findings["urgent"]]
    if "queue" in findings:
        found += _queue(findings["queue"])
    if "accept" in findings:
        found += _accept(findings["accept"])
    if "relay" in findings:
        found += _relay(findings["relay"])
    if "tenants" in findings:
        found += _tenants(findings["tenants"])
    return found


def _relay(found: Relayed) -> Iterator[Verdict]:
    added = found["added_p50_ms"]
    yield Verdict("relay", "the relay adds less than 3 ms to a turn at p50", f"{added:.1f} ms", added < 3)


def _tenants(found: Tenants) -> Iterator[Verdict]:
    for run in found["runs"]:
        target = f"each of {run['tenants']:,} tenants at its own limit beside the others: at least 0.95 of it"
        slowest = run["slowest_of_limit"]
        if slowest is not None and run["per_second"] == TEAMS_LIMIT:
            yield Verdict("tenants", target, f"the slowest {slowest:.3f}", slowest >= 0.95)


def _throughput(found: Throughput) -> Iterator[Verdict]:
    ours = next(standing for standing in found["standings"] if standing["name"] == OURS)
    yield Verdict(
        "throughput",
        "at least 3,000 messages/s, durable, on one core with SQLite",
        f"{ours['rate']:,.0f}/s",
        ours["rate"] >= 3_000,
    )
    if (times := found["times_best_sdk"]) is not None:
        yield Verdict("throughput", "at least 8 times the best of the SDKs", f"{times:.1f} times", times >= 8)
    if (share := found["share_of_bare"]) is not None:
        yield Verdict("throughput", "at least 0.6 of a bare pooled aiohttp loop", f"{share:.2f}", share >= 0.6)


def _paced(found: Paced) -> Iterator[Verdict]:
    yield Verdict(
        "paced",
        f"{found['people']:,} people in at most 1.02 times N/{found['per_second']} seconds",
        f"{found['factor']:.3f} times",
        found["factor"] <= 1.02 and found["sent"] == found["people"],
    )
    yield Verdict("paced", "no 429 from the simulator", f"{found['throttled']}", found["throttled"] == 0)


def _urgent(run: UrgentRun) -> Verdict:
    way = "paced" if run["paced"] else "unthrottled"
    return Verdict(
        "urgent",
        f"to the wire within 100 ms at p99 while {run['bulk']:,} wait, {way}",
        f"{run['p99_ms']:.0f} ms (p50 {run['p50_ms']:.0f} ms)",
        run["p99_ms"] <= 100,
    )


def _queue(levels: list[Backlog]) -> Iterator[Verdict]:
    fullest = max(levels, key=lambda level: level["queued"])
    ratio = fullest["cost_ratio"]
    yield Verdict(
        "queue",
        f"a message costs at {fullest['queued']:,} queued at most 1.2 times what it costs at the lowest level",
        f"{ratio:.2f} times",
        ratio <= 1.2,
    )
    yield Verdict("queue", "the process stays below 300 MB", f"{fullest['peak_mb']:.0f} MB", fullest["peak_mb"] < 300)


def _accept(found: Accept) -> Iterator[Verdict]:
    one = min(found["one"], key=lambda way: way["callers"])
    yield Verdict("accept", "one message accepted: p50 under 8 ms", f"{one['p50_ms']:.1f} ms", one["p50_ms"] < 8)
    yield Verdict("accept", "one message accepted: p99 under 50 ms", f"{one['p99_ms']:.1f} ms", one["p99_ms"] < 50)
    for many in found["many"]:
        yield Verdict(
            "accept",
            f"{many['deliveries']:,} deliveries accepted in one call in under 3 s, {many['way']}",
            f"{many['median_seconds']:.2f} s",
            many["median_seconds"] < 3,
        )
    handed = found["handed"]
    yield Verdict(
        "accept",
        f"{handed['deliveries']:,} people handed over in one connector call in under 1 s",
        f"{handed['median_seconds']:.2f} s",
        handed["median_seconds"] < 1,
    )
    yield Verdict(
        "accept",
        "the end of each of them can be read back",
        f"{handed['ends_read']:,}, in {handed['reading_seconds']:.1f} s",
        handed["ends_read"] == handed["deliveries"],
    )
