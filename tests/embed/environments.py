"""An environment for each SDK: Bellwire with the SDK's extra, and the packages that a bot on that SDK has anyway."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bellwire.bench.environments import made

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / ".bench" / "embed"


@dataclass(frozen=True)
class Kind:
    """A kind of bot: its SDK's extra, and the packages that its author installed."""

    name: str
    extra: str
    packages: tuple[str, ...]


M365_AGENTS: Final = (
    "microsoft-agents-hosting-aiohttp==1.9.0",
    "microsoft-agents-hosting-fastapi==1.9.0",
    "microsoft-agents-authentication-msal==1.9.0",
)
KINDS: Final = (
    Kind("m365_aiohttp", "m365-agents", M365_AGENTS),
    Kind("m365_fastapi", "m365-agents", M365_AGENTS),
    Kind("bot_framework", "bot-framework", ("botbuilder-integration-aiohttp==4.17.1",)),
    Kind("teams_sdk", "teams-sdk", ("microsoft-teams-apps==2.1.1",)),
)


async def packages_of(kind: Kind) -> Path:
    """The folder of packages; made now if it is not there yet, which needs the network once.

    Raises:
        Unavailable: the packages cannot be had.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = (*project["dependencies"], *project["optional-dependencies"][kind.extra], *kind.packages)
    return await made(kind.extra, wanted, FOLDER)


def command(bot: Path) -> list[str]:
    """How a bot's file is run: with the standard library, the environment's packages and Bellwire's own source."""
    return [sys.executable, "-S", "-s", str(Path(__file__).with_name("launch.py")), str(bot)]


def variables(packages: Path) -> Mapping[str, str]:
    """The environment variables of such a process."""
    path = os.pathsep.join((str(packages), str(ROOT / "src")))
    return {"PYTHONPATH": path, "PYTHONWARNINGS": "ignore", "PATH": os.environ.get("PATH", "")}
