"""What every contender shares. Standard library only: each contender runs in an environment of its own.

A contender says one JSON line when it is ready, and then answers each line ``{"seconds": s}`` with one lap: as many
messages as it can send in that time, and what they cost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable
from itertools import cycle
from typing import Any

TENANT = "11111111-1111-4111-8111-111111111111"
APP_ID = "22222222-2222-4222-8222-222222222222"
TEXT = "Your expense report 4711 was approved. You will be paid on Friday."

Send = Callable[[int], Awaitable[object]]


def conversation_id(number: int) -> str:
    """A chat's id as long as real ones are."""
    return f"a:{number:06d}" + "x" * 125


def entered() -> argparse.Namespace:
    """The arguments of a contender; pins the process to its core where the system can."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--callers", type=int, default=16)
    parser.add_argument("--core", type=int)
    given = parser.parse_args()
    if given.core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {given.core})
    return given


def constant_token(url: str) -> str:
    """The connector's one token, fetched once: no contender pays for Entra."""
    with urllib.request.urlopen(f"{url}/bench/token") as answer:  # noqa: S310 - the bench's own connector
        token: str = json.load(answer)["access_token"]
    return token


def peak_mb() -> float:
    """The most memory that this process ever held, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


async def lap(send: Send, people: Any, callers: int, seconds: float) -> dict[str, Any]:
    """As many messages as ``callers`` callers send one after the other in ``seconds``."""
    sent = failed = 0
    first_error = ""
    started, cpu = time.perf_counter(), time.process_time()
    until = started + seconds

    async def caller() -> None:
        nonlocal sent, failed, first_error
        while time.perf_counter() < until:
            try:
                await send(next(people))
                sent += 1
            except Exception as error:
                failed += 1
                first_error = first_error or repr(error)[:300]

    await asyncio.gather(*(caller() for _ in range(callers)))
    return {
        "sent": sent,
        "failed": failed,
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu,
        "rss_mb": peak_mb(),
        "error": first_error,
    }


async def run(send: Send, given: argparse.Namespace) -> None:
    """Say that the contender is ready, then run a lap for each line asked."""
    people = cycle(range(given.people))
    say({"ready": True})
    while line := await asyncio.to_thread(sys.stdin.readline):
        say(await lap(send, people, given.callers, json.loads(line)["seconds"]))


def say(answer: dict[str, Any]) -> None:
    """One line to the bench."""
    print(json.dumps(answer), flush=True)  # noqa: T201 - the line is the answer


def start(main: Callable[[argparse.Namespace], Awaitable[None]]) -> None:
    """Run the contender, on uvloop for all alike."""
    import uvloop

    async def entry() -> None:
        await main(entered())

    uvloop.run(entry())
