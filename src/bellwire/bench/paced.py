"""Section 2: one message to each of many people, against the simulator that enforces Teams' limits."""

from __future__ import annotations

import asyncio
import json
import sys

from bellwire.bench.figures import least_seconds
from bellwire.bench.peer import Peer, peer
from bellwire.bench.results import Paced
from bellwire.bench.stage import Stage

PER_SECOND = 50


async def paced(stage: Stage) -> Paced:
    """Accept all at once, then watch the simulator's ledger until every delivery has ended."""
    people = stage.scale.paced_people
    command = [sys.executable, "-m", "bellwire.bench.simulated", "--people", str(people), *stage.pinned(1)]
    async with peer("simulator", command) as simulator:
        listed = stage.folder / "people.json"
        listed.write_text(json.dumps((await simulator.ask(what="people"))["people"]))
        arguments = ("--people-file", str(listed), "--per-second", str(PER_SECOND))
        async with stage.subject("paced", *arguments, env=simulator.hello["settings"]) as subject:
            watching = asyncio.create_task(_watch(stage, simulator, people))
            ended = await subject.ask(do="broadcast")
            await watching
        ledger = await simulator.ask(what="ledger")
    least = least_seconds(people, PER_SECOND)
    return Paced(
        people=people,
        per_second=PER_SECOND,
        least_seconds=least,
        seconds=float(ledger["seconds"]),
        factor=float(ledger["seconds"]) / least,
        throttled=int(ledger["refused"].get("429", 0)),
        fullest_second=int(ledger["fullest_second"]),
        sent=min(int(ended["sent"]), int(ledger["people"])),
    )


async def _watch(stage: Stage, simulator: Peer, people: int) -> None:
    accepted = 0
    while accepted < people:
        await asyncio.sleep(1)
        accepted = int((await simulator.ask(what="count"))["accepted"])
        stage.told(f"paced: {accepted:,} of {people:,} people", accepted / people)
