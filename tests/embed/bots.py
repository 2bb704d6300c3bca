"""Bots as processes of their own, talked to by a simulated Teams: those of docs/embed-python.md, and one on Node."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bellwire.simulator import Simulator
from tests.embed.environments import NODE, NODE_BOT, ROOT, Environment

PAGE: Final = ROOT / "docs" / "embed-python.md"
RUNS: Final = re.compile(r"^(web\.run_app|uvicorn\.run|asyncio\.run)", re.MULTILINE)
OURS: Final = "bellwire"
PATIENCE: Final = 120.0


def bot_of(name: str) -> str:
    """The bot that the page shows, as it is; the one on Node, which no page shows."""
    if name == NODE.name:
        return (NODE_BOT / "bot.ts").read_text()
    (found,) = re.findall(rf"<!-- bot: {name} -->\n```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return str(found)


def sending_of(name: str) -> str:
    """What the page adds to a bot so that it sends: by itself, and in a turn where its SDK has that."""
    blocks = re.findall(r"<!-- (?:send|continue): ([\w ]+) -->\n```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return "\n".join(code for names, code in blocks if name in names.split())


def without_bellwire(bot: str) -> str:
    """The bot as it was before."""
    return "".join(line for line in bot.splitlines(keepends=True) if OURS not in line)


def with_more(bot: str, more: str) -> str:
    """The bot, with more code before it begins to serve."""
    serves = RUNS.search(bot)
    assert serves is not None
    return f"{bot[: serves.start()]}{more}\n\n{bot[serves.start() :]}"


@dataclass
class RunningBot:
    """A bot's process."""

    url: str
    process: asyncio.subprocess.Process
    log: Path

    @property
    def endpoint(self) -> str:
        return f"{self.url}/api/messages"


@contextlib.asynccontextmanager
async def running_bot(
    source: str, folder: Path, environment: Environment, teams: Simulator, more: Mapping[str, str] | None = None
) -> AsyncIterator[RunningBot]:
    """The bot, from when it answers until the block ends. Its working folder is new, and so are its files."""
    log, port = _made(folder) / "bot.log", _free_port()
    command = await environment.command(source, folder)
    with log.open("wb") as lines:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env={**environment.variables(), **_registration(teams), **(more or {}), "PORT": str(port)},
            stdout=lines,
            stderr=lines,
        )
    bot = RunningBot(f"http://127.0.0.1:{port}", process, log)
    try:
        await _answering(port, bot)
        yield bot
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(PATIENCE):
            await process.wait()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _registration(teams: Simulator) -> dict[str, str]:
    """The bot's registration under the names by which each SDK knows it, and where its cloud is."""
    given = teams.settings()
    bot = teams.bot
    cloud = {
        "openid_metadata_url": given["BELLWIRE_CLOUD__OPENID_METADATA_URL"],
        "keys_url": f"{teams.url}/v1/.well-known/keys",
        "issuer": given["BELLWIRE_CLOUD__TOKEN_ISSUER"],
        "token_url": f"{given['BELLWIRE_CLOUD__LOGIN_URL']}/{bot.tenant_id}/oauth2/v2.0/token",
        "bot_scope": given["BELLWIRE_CLOUD__BOT_SCOPE"],
        "app_id": bot.app_id,
        "client_secret": bot.secret,
    }
    connection = "CONNECTIONS__SERVICE_CONNECTION__SETTINGS__"
    return {
        "SIMULATED_CLOUD": json.dumps(cloud),
        f"{connection}CLIENTID": bot.app_id,
        f"{connection}CLIENTSECRET": bot.secret,
        f"{connection}TENANTID": bot.tenant_id,
        "MicrosoftAppId": bot.app_id,
        "MicrosoftAppPassword": bot.secret,
        "MicrosoftAppTenantId": bot.tenant_id,
        "CLIENT_ID": bot.app_id,
        "CLIENT_SECRET": bot.secret,
        "TENANT_ID": bot.tenant_id,
    }


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def _answering(port: int, bot: RunningBot) -> None:
    """Until somebody listens there; a process of another's making gives no other sign."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            assert bot.process.returncode is None, bot.log.read_text()[-3000:]
            await asyncio.sleep(0.05)
