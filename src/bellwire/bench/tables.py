"""The findings as tables: for the terminal with rich, for the docs as Markdown, from the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

from bellwire.bench.results import Accept, Backlog, Findings, Paced, Relayed, Tenants, Throughput, UrgentRun
from bellwire.bench.targets import Verdict, verdicts


@dataclass(frozen=True, slots=True)
class Grid:
    """A table before it is drawn: the first column is words, the others are figures."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def drawn(self) -> Table:
        """For the terminal."""
        table = Table(title=self.title, title_justify="left")
        for number, name in enumerate(self.head):
            table.add_column(name, justify="right" if number else "left")
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> str:
        """For the docs."""
        rule = ("---", *("---:" for _ in self.head[1:]))
        return "\n".join("| " + " | ".join(row) + " |" for row in (self.head, rule, *self.rows))


def grids(findings: Findings) -> dict[str, Grid]:
    """One table for each section that was run, and one for the targets."""
    found: dict[str, Grid] = {}
    if "throughput" in findings:
        found["throughput"] = throughput_grid(findings["throughput"])
    if "paced" in findings:
        found["paced"] = paced_grid(findings["paced"])
    if "urgent" in findings:
        found["urgent"] = urgent_grid(findings["urgent"])
    if "queue" in findings:
        found["queue"] = queue_grid(findings["queue"])
    if "accept" in findings:
        found["accept"] = accept_grid(findings["accept"])
    if "relay" in findings:
        found["relay"] = relay_grid(findings["relay"])
    if "tenants" in findings:
        found["tenants"] = tenants_grid(findings["tenants"])
    found["targets"] = targets_grid(verdicts(findings))
    return found


def tenants_grid(found: Tenants) -> Grid:
    """Section 7."""
    head = (
        "tenants",
        "limit of each",
        "messages/s",
        "slowest tenant",
        "CPU s per 1,000: worker",
        "of it pacing",
        "PostgreSQL",
        "accepting",
        "log, kB each",
    )
    rows = [
        (
            f"{run['tenants']:,}",
            "none" if run["per_second"] is None else f"{run['per_second']}/s",
            f"{run['rate']:,.0f}",
            "" if run["slowest_of_limit"] is None else f"{run['slowest_of_limit']:.3f} of it",
            f"{run['cpu_per_thousand']:.3f}",
            f"{run['pacing_per_thousand']:.3f}",
            f"{run['database_cpu_per_thousand']:.3f}",
            f"{run['accepting_cpu_per_thousand']:.3f}",
            f"{run['log_bytes'] / 1_000:.1f}",
        )
        for run in found["runs"]
    ]
    return Grid("7. Many tenants, one worker, PostgreSQL", head, rows)


def relay_grid(found: Relayed) -> Grid:
    """Section 6."""
    head = ("a turn", "p50", "added at p50", "added at p99", "turns", "learnt")
    rows = [
        ("with the bot itself", f"{found['direct_p50_ms']:.2f} ms", "", "", f"{found['turns']:,}", ""),
        (
            "through the relay",
            f"{found['relayed_p50_ms']:.2f} ms",
            f"{found['added_p50_ms']:.2f} ms",
            f"{found['added_p99_ms']:.2f} ms",
            f"{found['turns']:,}",
            f"{found['learnt']:,}",
        ),
    ]
    return Grid("6. The relay in front of a bot", head, rows)


def throughput_grid(found: Throughput) -> Grid:
    """Section 1."""
    head = ("contender", "messages/s", "lowest-highest", "of bare", "CPU s per 1,000", "of bare", "core", "MB", "sent")
    rows = [
        (
            row["label"],
            f"{row['rate']:,.0f}",
            f"{row['rate_low']:,.0f}-{row['rate_high']:,.0f}",
            f"{row['of_bare']:.3f}",
            f"{row['cpu_per_thousand']:.3f}",
            f"{row['cpu_of_bare']:.1f}",
            f"{row['core']:.2f}",
            f"{row['peak_mb']:.0f}",
            f"{row['confirmed']:,}",
        )
        for row in found["standings"]
    ]
    return Grid(f"1. Throughput on one core, {found['rounds']} rounds of {found['lap_seconds']:g} s laps", head, rows)


def paced_grid(found: Paced) -> Grid:
    """Section 2."""
    rows = [
        ("people, one message each", f"{found['people']:,}"),
        ("limit of the simulator, messages/s", f"{found['per_second']}"),
        ("least time that the limit allows, s", f"{found['least_seconds']:.1f}"),
        ("time from the first to the last activity, s", f"{found['seconds']:.1f}"),
        ("times the least", f"{found['factor']:.4f}"),
        ("fullest second that the simulator saw", f"{found['fullest_second']}"),
        ("answers 429", f"{found['throttled']}"),
    ]
    return Grid("2. Paced run against the enforcing simulator", ("", "found"), rows)


def urgent_grid(found: list[UrgentRun]) -> Grid:
    """Section 3."""
    head = ("bulk run", "queued", "urgent", "p50 ms", "p99 ms", "worst ms", "accepted p50 ms")
    rows = [
        (
            "paced, 50/s" if run["paced"] else "unthrottled",
            f"{run['bulk']:,}",
            f"{run['urgent']}",
            f"{run['p50_ms']:.1f}",
            f"{run['p99_ms']:.1f}",
            f"{run['worst_ms']:.1f}",
            f"{run['accepted_p50_ms']:.1f}",
        )
        for run in found
    ]
    return Grid("3. An urgent message during a bulk run: from the call to the wire", head, rows)


def queue_grid(found: list[Backlog]) -> Grid:
    """Section 4."""
    head = ("queued", "messages/s", "CPU s per 1,000", "cost, times", "RSS MB", "peak MB", "database MB")
    rows = [
        (
            f"{level['queued']:,}",
            f"{level['rate']:,.0f}",
            f"{level['cpu_per_thousand']:.3f}",
            f"{level['cost_ratio']:.2f}",
            f"{level['rss_mb']:.0f}",
            f"{level['peak_mb']:.0f}",
            f"{level['database_mb']:.0f}",
        )
        for level in found
    ]
    return Grid("4. Cost of a message and memory while so many are queued", head, rows)


def accept_grid(found: Accept) -> Grid:
    """Section 5."""
    head = ("what is accepted", "p50", "p99", "worst", "a second", "peak MB")
    rows = [
        (
            f"one message over HTTP, {way['callers']} caller{'s' if way['callers'] > 1 else ''}",
            f"{way['p50_ms']:.1f} ms",
            f"{way['p99_ms']:.1f} ms",
            f"{way['worst_ms']:.1f} ms",
            f"{way['rate']:,.0f}",
            "",
        )
        for way in found["one"]
    ]
    rows += [
        (
            f"{many['deliveries']:,} deliveries in one call, {many['way']}",
            f"{many['median_seconds']:.2f} s",
            "",
            f"{max(many['seconds']):.2f} s",
            f"{many['deliveries'] / many['median_seconds']:,.0f}",
            f"{many['peak_mb']:.0f}",
        )
        for many in found["many"]
    ]
    handed = found["handed"]
    rows.append(
        (
            f"{handed['deliveries']:,} people in one connector call",
            f"{handed['median_seconds']:.2f} s",
            "",
            f"{max(handed['seconds']):.2f} s",
            f"{handed['deliveries'] / handed['median_seconds']:,.0f}",
            "",
        )
    )
    return Grid("5. Accepting, durably", head, rows)


def targets_grid(found: list[Verdict]) -> Grid:
    """What was aimed at, beside what was found."""
    rows = [(verdict.target, verdict.found, "yes" if verdict.met else "NO") for verdict in found]
    return Grid("Targets", ("target", "found", "met"), rows)
