"""What the relay adds to a turn can be measured with a real bot as with the bench's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bellwire.bench.relayed import WARM_UP
from bellwire.bench.scale import QUICK
from tests.embed.conftest import environment_or_skip
from tests.embed.environments import NODE
from tests.embed.overhead import overhead


async def test_a_real_bot_is_measured_with_the_relay_and_without(tmp_path: Path) -> None:
    await environment_or_skip(NODE)
    found = await overhead(NODE, tmp_path, replace(QUICK, relayed_turns=10), pin=False)
    assert found["turns"] == 10
    assert found["learnt"] == 10 + WARM_UP
    assert found["direct_p50_ms"] > 0
