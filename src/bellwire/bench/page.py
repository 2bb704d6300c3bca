"""docs/benchmarks.md, from the findings of a run."""

from __future__ import annotations

from bellwire.bench import method
from bellwire.bench.results import Findings, Standing, Throughput
from bellwire.bench.tables import grids
from bellwire.bench.targets import verdicts

QUIET = 0.85
NAMES = {
    "date": "Date",
    "processor": "Processor",
    "cores": "Cores",
    "memory_gb": "Memory, GB",
    "system": "System",
    "python": "Python",
    "sqlite": "SQLite",
}


def page(findings: Findings) -> str:
    """The whole page, in Markdown; sections that were not run are not on it."""
    parts = [method.INTRODUCTION, _machine(findings), _targets(findings)]
    drawn = grids(findings)
    if "throughput" in findings:
        found = findings["throughput"]
        people = max(row["people"] for row in found["standings"])
        said = method.THROUGHPUT.format(people=people) + "\n" + reading(found)
        parts.append(_section(drawn["throughput"].title, said, drawn["throughput"].markdown(), "throughput"))
    if "paced" in findings:
        parts.append(_section(drawn["paced"].title, method.PACED, drawn["paced"].markdown()))
    if "urgent" in findings:
        said = method.URGENT.format(bulk=findings["urgent"][0]["bulk"])
        parts.append(_section(drawn["urgent"].title, said, drawn["urgent"].markdown(), "urgent"))
    if "queue" in findings:
        parts.append(_section(drawn["queue"].title, method.QUEUE, drawn["queue"].markdown(), "queue"))
    if "accept" in findings:
        parts.append(_section(drawn["accept"].title, method.ACCEPT, drawn["accept"].markdown(), "accept"))
    if "relay" in findings:
        parts.append(_section(drawn["relay"].title, method.RELAY, drawn["relay"].markdown()))
    if "tenants" in findings:
        parts.append(_section(drawn["tenants"].title, method.TENANTS, drawn["tenants"].markdown()))
    return "\n".join(parts)


def _section(title: str, said: str, table: str, picture: str | None = None) -> str:
    shown = f"\n![{title}](pictures/bench-{picture}.svg)\n" if picture else ""
    return f"## {title}\n\n{said}\n{table}\n{shown}"


def _machine(findings: Findings) -> str:
    rows = "\n".join(f"| {NAMES.get(name, name)} | {value} |" for name, value in findings["machine"].items())
    quick = "\nThis was a quick run: its figures are rough.\n" if findings.get("quick") else ""
    return f"## The machine\n\n| | |\n| --- | --- |\n{rows}\n{quick}"


def _targets(findings: Findings) -> str:
    found = verdicts(findings)
    missed = [verdict for verdict in found if not verdict.met]
    summary = (
        f"{len(found) - len(missed)} of {len(found)} targets are met."
        if missed
        else f"All {len(found)} targets are met."
    )
    return f"## Targets\n\n{summary}\n\n{grids(findings)['targets'].markdown()}\n"


def reading(found: Throughput) -> str:
    """What the throughput figures say, and what they do not."""
    said = []
    if (share := found["share_of_bare"]) is not None:
        said.append(f"- Durability, pacing, attempts and books together leave {share:.2f} of the bare loop's rate.")
    if (times := found["times_best_sdk"]) is not None:
        said.append(f"- The best of the SDKs is {found['best_sdk']}; Bellwire sends {times:.1f} times as fast.")
    if any(row["core"] < QUIET for row in found["standings"]):
        said.append("- The machine was not quiet: the column *core* says which share of it each had. Trust the CPU.")
    said += [f"- {doubt}" for row in found["standings"] if (doubt := unconfirmed(row))]
    said += [f"- Left out: {name}" for name in found["left_out"]]
    return "\n".join(said) + "\n"


def unconfirmed(row: Standing) -> str | None:
    """Where the connector's count differs from the contender's own."""
    if row["failed"] or row["sent"] != row["confirmed"]:
        return (
            f"{row['label']} says {row['sent']:,} sent and {row['failed']:,} failed; "
            f"the connector counted {row['confirmed']:,}."
        )
    return None
