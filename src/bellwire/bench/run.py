"""One run of the bench: the sections asked for, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bellwire.bench.accept import accept
from bellwire.bench.backlog import backlog
from bellwire.bench.machine import machine
from bellwire.bench.paced import paced
from bellwire.bench.relayed import relayed
from bellwire.bench.results import Findings
from bellwire.bench.scale import FULL, Scale
from bellwire.bench.stage import Told, stage
from bellwire.bench.tenants import tenants
from bellwire.bench.throughput import throughput
from bellwire.bench.urgent import urgent

SECTIONS: Final = ("throughput", "paced", "urgent", "queue", "accept", "relay", "tenants")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to run, how large, and where to put the SDKs' environments and the databases.

    Without ``postgres``, the address of a database of its own, the section about tenants is left out.
    """

    sections: Sequence[str]
    scale: Scale
    environments: Path
    scratch: Path
    sdks: bool = True
    postgres: str | None = None
    pin: bool = True


async def run(plan: Plan, told: Told, keep: Callable[[Findings], None]) -> Findings:
    """Run the sections; each has a connector and databases of its own. ``keep`` is given what was found so far."""
    plan.scratch.mkdir(parents=True, exist_ok=True)
    findings = Findings(machine=machine(datetime.now(UTC)), quick=plan.scale != FULL)
    for section in plan.sections:
        async with stage(plan.scale, told, plan.scratch, plan.pin) as opened:
            if section == "throughput":
                findings["throughput"] = await throughput(opened, plan.environments, sdks=plan.sdks)
            elif section == "paced":
                findings["paced"] = await paced(opened)
            elif section == "urgent":
                findings["urgent"] = await urgent(opened)
            elif section == "queue":
                findings["queue"] = await backlog(opened)
            elif section == "accept":
                findings["accept"] = await accept(opened)
            elif section == "relay":
                findings["relay"] = await relayed(opened)
            elif section == "tenants" and plan.postgres is not None:
                findings["tenants"] = await tenants(opened, plan.postgres)
        keep(findings)
    return findings
