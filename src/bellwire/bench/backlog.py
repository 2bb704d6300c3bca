"""Section 4: what a message costs, and what the process weighs, while more and more are queued."""

from __future__ import annotations

from contextlib import AsyncExitStack
from statistics import median

from bellwire.bench.contest import Lap
from bellwire.bench.figures import paired_ratio, per_thousand
from bellwire.bench.peer import Answer, Peer
from bellwire.bench.results import Backlog
from bellwire.bench.stage import Stage

Level = tuple[int, Peer, list[Answer]]


async def backlog(stage: Stage) -> list[Backlog]:
    """One process and one database for each level; they take turns at sending, and are filled up in between."""
    async with AsyncExitStack() as stack:
        levels: list[Level] = []
        for queued in stage.scale.queue_levels:
            stage.told(f"queue: filling up to {queued:,}", 0)
            subject = await stack.enter_async_context(stage.subject(f"queue_{queued}"))
            await subject.ask(do="fill", count=queued)
            levels.append((queued, subject, []))
        await _take_turns(stage, levels)
        lowest = _costs(levels[0][2])
        return [_found(stage, level, lowest) for level in levels]


async def _take_turns(stage: Stage, levels: list[Level]) -> None:
    rounds = stage.scale.queue_rounds + 1
    for number in range(rounds):
        first = number % len(levels)
        for queued, subject, laps in (*levels[first:], *levels[:first]):
            stage.told(f"queue: sending from {queued:,}", number / rounds)
            lap = await subject.ask(do="work", seconds=stage.scale.lap)
            await subject.ask(do="fill", count=lap["taken"])
            laps.append(lap)


def _laps(answers: list[Answer]) -> list[Lap]:
    fields = ("sent", "failed", "seconds", "cpu_seconds", "rss_mb")
    return [Lap(**{field: answer[field] for field in fields}) for answer in answers[1:]]


def _costs(answers: list[Answer]) -> list[float]:
    return [per_thousand(lap.cpu_seconds, lap.sent) for lap in _laps(answers)]


def _found(stage: Stage, level: Level, lowest: list[float]) -> Backlog:
    queued, _, answers = level
    files = stage.folder.glob(f"queue_{queued}.db*")
    return Backlog(
        queued=queued,
        rate=median(lap.rate for lap in _laps(answers)),
        cpu_per_thousand=median(_costs(answers)),
        rss_mb=max(float(answer["now_mb"]) for answer in answers),
        peak_mb=max(lap.rss_mb for lap in _laps(answers)),
        database_mb=sum(file.stat().st_size for file in files) / 1e6,
        cost_ratio=paired_ratio(_costs(answers), lowest),
    )
