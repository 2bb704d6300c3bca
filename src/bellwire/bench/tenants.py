"""Section 7: many tenants on one PostgreSQL and one worker: each at its own limit, and what is the most of all."""

from __future__ import annotations

import asyncio
from typing import Final

from bellwire.bench.figures import per_thousand
from bellwire.bench.pacer import pacing_cost
from bellwire.bench.results import Tenants, TenantsRun
from bellwire.bench.stage import Stage
from bellwire.bench.subject import UNLIMITED

RUNS: Final = ((20, 50), (1_000, 1), (20, UNLIMITED))
"""Tenants, and the limit of each: as many messages a second in few lanes and in many, and as many as there can be."""


async def tenants(stage: Stage, postgres: str) -> Tenants:
    """Each run from a queue that was filled before."""
    return Tenants(runs=[await _run(stage, postgres, number) for number in range(len(RUNS))])


async def _run(stage: Stage, postgres: str, number: int) -> TenantsRun:
    count, per_second = RUNS[number]
    limit = None if per_second == UNLIMITED else per_second
    stage.told(f"tenants: {count:,}, {f'{limit}/s each' if limit else 'without limits'}", number / len(RUNS))
    arguments = ("--database-url", postgres, "--tenants", str(count), "--per-second", str(per_second))
    async with stage.subject(f"tenants_{number}", *arguments, people=stage.scale.tenants_people) as subject:
        filled = await subject.ask(do="fill", count=stage.scale.tenants_queued)
        lap = await subject.ask(do="work", seconds=stage.scale.tenants_lap)
        await subject.ask(do="empty")
    accepted, sent, seconds = stage.scale.tenants_queued, int(lap["sent"]), float(lap["seconds"])
    return TenantsRun(
        tenants=count,
        per_second=limit,
        rate=sent / seconds,
        slowest_of_limit=int(lap["slowest"]) / seconds / limit if limit else None,
        pacing_per_thousand=await asyncio.to_thread(pacing_cost, count, per_second, stage.scale.tenants_queued) * 1_000,
        cpu_per_thousand=per_thousand(float(lap["cpu_seconds"]), sent),
        database_cpu_per_thousand=per_thousand(float(lap["database_cpu_seconds"]), sent),
        accepting_cpu_per_thousand=per_thousand(float(filled["database_cpu_seconds"]), accepted),
        log_bytes=float(lap["database_log_bytes"]) / max(sent, 1) + float(filled["database_log_bytes"]) / accepted,
    )
