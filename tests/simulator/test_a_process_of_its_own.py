"""``python -m bellwire.simulator``, as crash tests start it."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import aiohttp
import orjson


async def test_it_says_where_it_serves_and_ends_on_sigterm(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "bellwire.simulator", "--port", "0", "--ready-file", str(ready)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    announced = orjson.loads(await asyncio.wait_for(process.stdout.readline(), 20))
    url = announced["settings"]["BELLWIRE_CLOUD__OPENID_METADATA_URL"]
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 200
    assert orjson.loads(ready.read_bytes()) == announced
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 20) == 0
