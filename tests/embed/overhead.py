"""What the relay adds to a turn of each real bot: ``python -m tests.embed.overhead [TURNS]`` prints a table.

Measured as section 6 of the bench is, with the bots of docs/embed-python.md and the one on Node in the place of a bot
that answers at once.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from bellwire.bench.relayed import compared
from bellwire.bench.results import Relayed
from bellwire.bench.scale import FULL, Scale
from bellwire.bench.stage import stage
from bellwire.simulator.limits import Limits
from tests.embed.bots import bot_of, running_bot, without_bellwire
from tests.embed.environments import KINDS, NODE, Kind, NodeKind
from tests.embed.recording import RecordingTeams

TURNS = 300


async def overhead(kind: Kind | NodeKind, folder: Path, scale: Scale, *, pin: bool = True) -> Relayed:
    """Turns that the bot answers with a message, without the relay and with it."""
    environment = await kind.environment()
    source = without_bellwire(bot_of(kind.name))
    async with (
        stage(scale, lambda _what, _share: None, folder, pin) as opened,
        RecordingTeams() as teams,
        running_bot(source, folder / kind.name, environment, teams) as bot,
    ):
        teams.gate.change(Limits(enforce=False))
        return await compared(opened, teams, bot.endpoint)


async def main(turns: int) -> None:
    print("| bot | a turn, p50 | through the relay | added at p50 |\n|---|---|---|---|")  # noqa: T201 - a table for people
    with tempfile.TemporaryDirectory() as folder:
        for kind in (*KINDS, NODE):
            found = await overhead(kind, Path(folder), replace(FULL, relayed_turns=turns))
            direct, relayed, added = (found[name] for name in ("direct_p50_ms", "relayed_p50_ms", "added_p50_ms"))
            print(f"| {kind.name} | {direct:.1f} ms | {relayed:.1f} ms | {added:.1f} ms |", flush=True)  # noqa: T201 - as above


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else TURNS))
