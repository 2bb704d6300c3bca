"""``python -m bellwire.simulator``: a simulator in a process of its own.

Once it serves it writes one line of JSON, ``{"url": ..., "settings": {...}}``, to the standard output and, if
``--ready-file`` is given, to that file. It ends by itself on SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import orjson

from bellwire.simulator.bot import Bot
from bellwire.simulator.limits import Limits
from bellwire.simulator.simulator import Simulator


def main() -> None:
    """Parses the command line and serves."""
    parser = argparse.ArgumentParser(prog="python -m bellwire.simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--bot-endpoint", help="where activities are sent, e.g. http://127.0.0.1:3978/api/messages")
    parser.add_argument("--sender", default="alerts", help="the name that the printed settings give to the sender")
    parser.add_argument("--ready-file", type=Path)
    parser.add_argument("--unlimited", action="store_true", help="measure Teams' rate limits, but do not enforce them")
    # A full collection over a large ledger would hold up requests and make arrivals look like bursts.
    gc.set_threshold(100_000, 50, 1_000)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(parser.parse_args()))


async def _serve(given: argparse.Namespace) -> None:
    bot = Bot(endpoint=given.bot_endpoint)
    simulator = Simulator(given.host, given.port, bot=bot, limits=Limits(enforce=not given.unlimited))
    await simulator.serve(until=_stopped(), ready=lambda: _announce(simulator, given.sender, given.ready_file))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where there is one: it roughly doubles what a core can answer."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _announce(simulator: Simulator, sender: str, ready_file: Path | None) -> None:
    line = orjson.dumps({"url": simulator.url, "settings": simulator.settings(sender)}).decode()
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    if ready_file is not None:
        # A reader that waits for the file must never see half of it.
        partial = ready_file.with_name(ready_file.name + ".part")
        partial.write_text(line, encoding="utf-8")
        partial.replace(ready_file)


def _stopped() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


if __name__ == "__main__":
    main()
