"""The enforcing simulator in a process of its own, with many people who have the app installed.

``python -m bellwire.bench.simulated --people N`` says its settings in one JSON line, answers ``people`` and
``ledger``, and ends with its standard input.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections import Counter
from typing import Any

import uvloop

from bellwire.bench.figures import fullest_window
from bellwire.bench.peer import Answer, answer_lines
from bellwire.simulator import Simulator


def populate(simulator: Simulator, count: int) -> list[list[str]]:
    """People with a Teams chat each, as if they had installed the app long ago: id, chat, service URL, 29: id."""
    people = []
    for number in range(count):
        actor = simulator.person(f"Person {number}")
        actor.presence.installed = True
        people.append([actor.aad_object_id, actor.chat().id, actor.service_url, actor.user_id])
    return people


def audit(simulator: Simulator) -> Answer:
    """What the ledger holds; times in seconds."""
    entries = simulator.ledger.entries
    times = [entry.at.timestamp() for entry in entries]
    refused = Counter(str(denial.status) for denial in simulator.ledger.refusals)
    return {
        "accepted": len(entries),
        "people": len({entry.person for entry in entries}),
        "seconds": times[-1] - times[0] if times else 0.0,
        "fullest_second": fullest_window(times, 1.0),
        "refused": dict(refused),
    }


async def serve(people: int) -> None:
    """Serve until standard input ends."""
    async with Simulator() as simulator:
        populated = populate(simulator, people)

        async def asked(question: Answer) -> Answer:
            answers: dict[str, Any] = {
                "people": lambda: {"people": populated},
                "count": lambda: {"accepted": len(simulator.ledger.entries)},
                "ledger": lambda: audit(simulator),
            }
            found: Answer = answers[question["what"]]()
            return found

        await answer_lines(asked, {"url": simulator.url, "settings": simulator.settings("bench")})


def main() -> None:
    """Run the simulator as a process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, required=True)
    parser.add_argument("--core", type=int)
    given = parser.parse_args()
    if given.core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {given.core})
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(given.people))


if __name__ == "__main__":
    main()
