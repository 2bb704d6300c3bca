"""``bellwire serve`` is a relay if a setting names the existing bot, with a database or without one."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bellwire.simulator import Simulator
from tests.cli.conftest import clean_environment

NO_DATABASE = "postgresql+asyncpg://nobody@127.0.0.1:9/nothing"


async def echo(request: web.Request) -> web.Response:
    return web.Response(status=201, body=await request.read())


async def served(
    directory: Path, environment: Mapping[str, str], before: str = ""
) -> tuple[asyncio.subprocess.Process, str]:
    """The service with these settings, after a word to the shell; and its address."""
    serve = (sys.executable, "-m", "bellwire", "serve", "--port", "0", "--json")
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", f'{before} exec "$@"', "serve", *serve),
        cwd=directory,
        env=clean_environment() | dict(environment),
        stdout=PIPE,
        stderr=PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        text = b""
        while not text.rstrip().endswith(b"}"):
            line = await process.stdout.readline()
            assert line, "the process ended"
            text += line
    return process, json.loads(text)["url"]


@pytest.mark.parametrize(
    ("database_url", "before"),
    [(None, ""), (NO_DATABASE, ""), (None, "ulimit -f 16;")],
    ids=["with a database", "without one", "with a full disk"],
)
async def test_serve_relays(database_url: str | None, before: str, tmp_path: Path) -> None:
    application = web.Application()
    application.router.add_post("/api/messages", echo)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with Simulator() as teams, aiohttp.ClientSession() as session:
        environment = teams.settings() | {
            "BELLWIRE_RELAY__UPSTREAM_URL": f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages",
            "BELLWIRE_DATABASE_URL": database_url or f"sqlite+aiosqlite:///{tmp_path / 'bellwire.db'}",
        }
        process, url = await served(tmp_path, environment, before)
        async with session.post(f"{url}/api/messages", data=b"{}") as answer:
            assert (answer.status, await answer.read()) == (201, b"{}")
        for path in ("/healthz", "/readyz"):
            async with session.get(url + path) as answer:
                assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        _, complaints = await process.communicate()
    await runner.cleanup()
    assert process.returncode == 0, complaints.decode()[-2000:]
    assert (b"relayed meanwhile" in complaints) == (database_url is not None or before != "")
