"""Section 7: many tenants on one PostgreSQL and one worker: each at its own limit, and what is the most of all."""

from __future__ import annotations

import asyncio
from typing import Final

from bellwire.bench.figures import per_thousand
from bellwire.bench.pacer import pacing_cost
from bellwire.bench.results import Tenants, TenantsRun
from bellwire.bench.stage import Stage
from bellwire.bench.subject import UNLIMITED

TENANTS: Final = 20
PER_SECOND: Final = 50


async def tenants(stage: Stage, postgres: str) -> Tenants:
    """Two runs from a queue that was filled before: at Teams' limit, and at none."""
    runs = [await _run(stage, postgres, pace) for pace in (PER_SECOND, UNLIMITED)]
    paced = await asyncio.to_thread(pacing_cost, TENANTS, PER_SECOND, stage.scale.tenants_queued)
    return Tenants(tenants=TENANTS, runs=runs, pacing_per_thousand=paced * 1_000)


async def _run(stage: Stage, postgres: str, per_second: int) -> TenantsRun:
    limited = per_second == PER_SECOND
    name = f"tenants_{'limited' if limited else 'unlimited'}"
    queued = stage.scale.tenants_queued
    arguments = ("--database-url", postgres, "--tenants", str(TENANTS), "--per-second", str(per_second))
    stage.told(f"tenants: {'at their limits' if limited else 'without limits'}", 0.0 if limited else 0.5)
    async with stage.subject(name, *arguments, people=stage.scale.tenants_people) as subject:
        await subject.ask(do="fill", count=queued)
        lap = await subject.ask(do="work", seconds=stage.scale.tenants_lap)
        await subject.ask(do="empty")
    sent, seconds = int(lap["sent"]), float(lap["seconds"])
    return TenantsRun(
        per_second=per_second if limited else None,
        rate=sent / seconds,
        slowest_of_limit=int(lap["slowest"]) / seconds / PER_SECOND if limited else None,
        cpu_per_thousand=per_thousand(float(lap["cpu_seconds"]), sent),
        database_cpu_per_thousand=per_thousand(float(lap["database_cpu_seconds"]), sent),
    )
