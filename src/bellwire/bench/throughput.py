"""Section 1: the whole durable path on one core, beside a bare aiohttp loop and three SDKs, in turns."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from typing import Final

from bellwire.bench.contest import Contender, cost_ratio, fastest, ratio, take_turns
from bellwire.bench.environments import SDKS, UVLOOP, Sdk, command, made, variables
from bellwire.bench.peer import peer
from bellwire.bench.results import Standing, Throughput
from bellwire.bench.stage import Stage
from bellwire.bench.targets import OURS
from bellwire.errors import Unavailable

SCRIPTS: Final = Path(__file__).parent / "contenders"
BARE: Final = "bare_aiohttp"
BARE_CALLERS: Final = 64


async def throughput(stage: Stage, environments: Path, *, sdks: bool = True) -> Throughput:
    """Run all contenders in turns; an SDK that cannot be installed is left out and named."""
    left_out: list[str] = []
    async with AsyncExitStack() as stack:
        contenders = [
            Contender(OURS, "Bellwire, accepted in batches", await stack.enter_async_context(stage.subject(OURS))),
            Contender(
                f"{OURS}_single",
                "Bellwire, accepted one by one",
                await stack.enter_async_context(stage.subject(f"{OURS}_single", "--single")),
            ),
            await _script(stack, stage, BARE, "aiohttp, bare pooled loop", BARE_CALLERS, None),
        ]
        for sdk in SDKS if sdks else ():
            try:
                contenders.append(await _sdk(stack, stage, sdk, environments))
            except Unavailable as error:
                left_out.append(f"{sdk.label}: {error.detail}")
        done = 0
        turns = (stage.scale.rounds + 1) * len(contenders)

        def told(label: str) -> None:
            nonlocal done
            stage.told(label, done / turns)
            done += 1

        await take_turns(contenders, stage.scale.rounds, stage.scale.lap, told)
        return await _found(stage, contenders, left_out)


async def _sdk(stack: AsyncExitStack, stage: Stage, sdk: Sdk, environments: Path) -> Contender:
    stage.told(f"environment of {sdk.label}", 0)
    packages = await made(sdk.script, (*sdk.packages, UVLOOP), environments)
    return await _script(stack, stage, sdk.script, sdk.label, sdk.callers, packages)


async def _script(
    stack: AsyncExitStack, stage: Stage, name: str, label: str, callers: int, packages: Path | None
) -> Contender:
    script = SCRIPTS / f"{name}.py"
    arguments = ["--url", f"{stage.connector}/{name}", "--people", str(stage.scale.people), "--callers", str(callers)]
    arguments += stage.pinned(0)
    started = command(script) if packages else [sys.executable, str(script)]
    env = variables(packages) if packages else {}
    return Contender(name, label, await stack.enter_async_context(peer(name, [*started, *arguments], env)), callers)


async def _found(stage: Stage, contenders: list[Contender], left_out: list[str]) -> Throughput:
    ours = contenders[0]
    by_name = {contender.name: contender for contender in contenders}
    sdks = [by_name[sdk.script] for sdk in SDKS if sdk.script in by_name]
    best = fastest(sdks) if sdks else None
    return Throughput(
        rounds=stage.scale.rounds,
        lap_seconds=stage.scale.lap,
        standings=[await _standing(stage, contender, by_name[BARE]) for contender in contenders],
        share_of_bare=ratio(ours, by_name[BARE]),
        times_best_sdk=ratio(ours, best) if best else None,
        best_sdk=best.label if best else None,
        left_out=left_out,
    )


async def _standing(stage: Stage, contender: Contender, bare: Contender) -> Standing:
    counted = await stage.tally(contender.name)
    return Standing(
        name=contender.name,
        label=contender.label,
        callers=contender.callers,
        rate=median(contender.rates),
        rate_low=min(contender.rates),
        rate_high=max(contender.rates),
        cpu_per_thousand=median(contender.costs),
        of_bare=ratio(contender, bare),
        cpu_of_bare=cost_ratio(contender, bare),
        core=contender.core,
        peak_mb=contender.peak_mb,
        sent=contender.sent,
        failed=contender.failed,
        confirmed=counted["accepted"],
        people=counted["conversations"],
    )
