"""Where bots run: for each SDK an environment of its own, with the packages that a bot on that SDK has anyway."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import sys
import tomllib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from bellwire.bench.environments import NOTE, made
from bellwire.errors import Unavailable

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / ".bench" / "embed"
NODE_BOT: Final = Path(__file__).with_name("node")


class Environment(Protocol):
    """A folder of packages, and how a bot is run with them."""

    async def command(self, source: str, folder: Path) -> list[str]:
        """Writes the bot into the folder; returns what starts it there."""

    def variables(self) -> Mapping[str, str]:
        """The environment variables of its process."""


@dataclass(frozen=True)
class PythonEnvironment:
    """The standard library, the environment's packages and Bellwire's own source."""

    packages: Path

    async def command(self, source: str, folder: Path) -> list[str]:
        bot = folder / "bot.py"
        bot.write_text(source)
        return [sys.executable, "-S", "-s", str(Path(__file__).with_name("launch.py")), str(bot)]

    def variables(self) -> Mapping[str, str]:
        path = os.pathsep.join((str(self.packages), str(ROOT / "src")))
        return {"PYTHONPATH": path, "PYTHONWARNINGS": "ignore", "PATH": os.environ.get("PATH", "")}


@dataclass(frozen=True)
class NodeEnvironment:
    """Node and the packages of ``node/package-lock.json``. A bot in TypeScript is compiled there, types checked."""

    packages: Path

    async def command(self, source: str, folder: Path) -> list[str]:
        (folder / "bot.ts").write_text(source)
        for name in ("launch.cjs", "tsconfig.json"):
            shutil.copy(NODE_BOT / name, folder)
        (folder / "node_modules").symlink_to(self.packages / "node_modules")
        await _run([str(folder / "node_modules" / ".bin" / "tsc")], folder)
        return [node(), "--require", "./launch.cjs", "bot.js"]

    def variables(self) -> Mapping[str, str]:
        return {"PATH": os.environ.get("PATH", "")}


@dataclass(frozen=True)
class Kind:
    """A kind of bot: its SDK's extra, and the packages that its author installed."""

    name: str
    extra: str
    packages: tuple[str, ...]

    async def environment(self) -> PythonEnvironment:
        """Made now if it is not there yet, which needs the network once. Raises Unavailable if it cannot be had."""
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        wanted = (*project["dependencies"], *project["optional-dependencies"][self.extra], *self.packages)
        async with _alone(self.extra):
            return PythonEnvironment(await made(self.extra, wanted, FOLDER))


@dataclass(frozen=True)
class NodeKind:
    """A bot in TypeScript."""

    name: str = "node"

    async def environment(self) -> NodeEnvironment:
        """Made now if it is not there yet, which needs the network once. Raises Unavailable if it cannot be had."""
        node()
        async with _alone(self.name):
            return NodeEnvironment(await _installed(FOLDER / self.name))


M365_AGENTS: Final = (
    "microsoft-agents-hosting-aiohttp==1.9.0",
    "microsoft-agents-hosting-fastapi==1.9.0",
    "microsoft-agents-authentication-msal==1.9.0",
)
BOT_FRAMEWORK: Final = ("botbuilder-integration-aiohttp==4.17.1",)
KINDS: Final = (
    Kind("m365_aiohttp", "m365-agents", M365_AGENTS),
    Kind("m365_fastapi", "m365-agents", M365_AGENTS),
    Kind("bot_framework", "bot-framework", BOT_FRAMEWORK),
    Kind("bot_framework_adapter", "bot-framework", BOT_FRAMEWORK),
    Kind("teams_sdk", "teams-sdk", ("microsoft-teams-apps==2.1.1",)),
)
NODE: Final = NodeKind()


def node() -> str:
    """Where Node is. Raises Unavailable if there is none."""
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        raise Unavailable("There is no Node on this machine.")
    return found


@contextlib.asynccontextmanager
async def _alone(name: str) -> AsyncIterator[None]:
    """One process at a time makes an environment; the others wait, and find it made."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{name}.lock").open("w") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        yield


async def _installed(ready: Path) -> Path:
    if not _laid_out(ready):
        await _run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"], ready)
        (ready / NOTE).write_text((NODE_BOT / "package-lock.json").read_text())
    return ready


def _laid_out(ready: Path) -> bool:
    """Whether the folder was made of the lock file as it is; if not, it has nothing but what npm needs."""
    note = ready / NOTE
    if note.is_file() and note.read_text() == (NODE_BOT / "package-lock.json").read_text():
        return True
    shutil.rmtree(ready, ignore_errors=True)
    ready.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(NODE_BOT / name, ready)
    return False


async def _run(command: list[str], folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise Unavailable(f"{Path(command[0]).name} failed: {said[-2000:].decode(errors='replace').strip()}")
