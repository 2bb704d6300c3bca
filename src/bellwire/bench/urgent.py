"""Section 3: how long an urgent message takes to the wire while bulk ones keep the engine busy."""

from __future__ import annotations

import asyncio

from bellwire.bench.figures import quantile
from bellwire.bench.results import UrgentRun
from bellwire.bench.stage import Stage
from bellwire.errors import Unavailable

GAP_PACED = 0.2
GAP_UNTHROTTLED = 0.025
PATIENCE = 30


async def urgent(stage: Stage) -> list[UrgentRun]:
    """Once at Teams' pace, once without any."""
    return [await _run(stage, paced=True), await _run(stage, paced=False)]


async def _run(stage: Stage, *, paced: bool) -> UrgentRun:
    scale = stage.scale
    way = "paced" if paced else "unthrottled"
    mark = "p" if paced else "u"
    stage.told(f"urgent, {way}: filling the queue", 0)
    arguments = ("--per-second", "50") if paced else ()
    async with stage.subject(f"urgent_{way}", *arguments) as subject:
        await subject.ask(do="fill", count=scale.urgent_bulk)
        stage.told(f"urgent, {way}: sending {scale.urgent_count}", 0.3)
        gap = GAP_PACED if paced else GAP_UNTHROTTLED
        said = await subject.ask(do="urgent", count=scale.urgent_count, gap=gap, mark=mark)
    arrived = await _arrivals(stage, list(said["started"]))
    latencies = [(arrived[text] - started) * 1_000 for text, started in said["started"].items()]
    return UrgentRun(
        paced=paced,
        bulk=scale.urgent_bulk,
        bulk_left=int(said["bulk_left"]),
        urgent=len(latencies),
        p50_ms=quantile(latencies, 0.5),
        p99_ms=quantile(latencies, 0.99),
        worst_ms=max(latencies),
        accepted_p50_ms=quantile([seconds * 1_000 for seconds in said["accepted"]], 0.5),
        latencies_ms=[round(latency, 2) for latency in latencies],
    )


async def _arrivals(stage: Stage, texts: list[str]) -> dict[str, float]:
    for _ in range(PATIENCE):
        arrived = await stage.arrivals()
        if all(text in arrived for text in texts):
            return arrived
        await asyncio.sleep(1)
    missing = sum(text not in arrived for text in texts)
    raise Unavailable(f"{missing} of {len(texts)} urgent messages never arrived at the connector.")
