"""The SDKs' own environments: one folder of packages each, made once, below ``.bench``.

Each SDK has pinned versions and shares nothing with Bellwire's own packages: its contender runs with ``-S``, so that
it sees the standard library and that folder only.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bellwire.errors import Unavailable

UVLOOP: Final = "uvloop==0.23.0"
NOTE: Final = "made-of.txt"


@dataclass(frozen=True, slots=True)
class Sdk:
    """One SDK: its name, what is called, the packages, and at how many callers it did best."""

    script: str
    label: str
    packages: tuple[str, ...]
    callers: int


SDKS: Final = (
    Sdk(
        "m365_agents",
        "M365 Agents SDK 1.9.0, CloudAdapter.continue_conversation",
        (
            "microsoft-agents-hosting-aiohttp==1.9.0",
            "microsoft-agents-hosting-core==1.9.0",
            "microsoft-agents-authentication-msal==1.9.0",
        ),
        callers=16,
    ),
    Sdk("teams_sdk", "Teams SDK 2.1.1, App.send", ("microsoft-teams-apps==2.1.1",), callers=1),
    Sdk(
        "bot_framework",
        "Bot Framework SDK 4.17.1, CloudAdapter.continue_conversation",
        ("botbuilder-integration-aiohttp==4.17.1",),
        callers=16,
    ),
)


def installer() -> list[str]:
    """The command that installs packages into a folder.

    Raises:
        Unavailable: neither uv nor pip is there.
    """
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--quiet", "--python", sys.executable, "--target"]
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]
    outer: str = getattr(sys, "_base_executable", sys.executable)
    if outer != sys.executable:
        return [outer, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]
    raise Unavailable("There is neither uv nor pip to install the SDKs with.", remedy="Install uv or pip.")


async def made(name: str, packages: Sequence[str], folder: Path) -> Path:
    """A folder of these packages, below ``folder``; made now if it is not there yet, which needs the network once.

    Raises:
        Unavailable: the packages could not be had.
    """
    wanted = "\n".join(packages)
    ready = folder / name
    if ready.is_dir() and _noted(ready) == wanted:
        return ready
    part = folder / f"{name}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    process = await asyncio.create_subprocess_exec(
        *installer(),
        str(part),
        *packages,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, complaint = await process.communicate()
    if process.returncode:
        raise Unavailable(
            f"The packages of {name} could not be installed: {complaint[-300:].decode(errors='replace').strip()}",
            remedy="Try once with a network; the bench leaves the SDKs out with --no-sdks.",
        )
    (part / NOTE).write_text(wanted)
    shutil.rmtree(ready, ignore_errors=True)
    part.rename(ready)
    return ready


def _noted(ready: Path) -> str:
    """The packages that the folder was made of."""
    note = ready / NOTE
    return note.read_text() if note.is_file() else ""


def command(script: Path) -> list[str]:
    """How an SDK's contender is started: the standard library and nothing of ours."""
    return [sys.executable, "-S", "-s", str(script)]


def variables(packages: Path) -> Mapping[str, str]:
    """The environment variables for such a process."""
    return {"PYTHONPATH": str(packages), "PYTHONWARNINGS": "ignore", "PATH": os.environ.get("PATH", "")}
