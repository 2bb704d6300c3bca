"""What the command line's tests share: ways to run it as a user does."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bellwire.cli import main
from tests.support.logwatch import FOLDER
from tests.support.service import Running, running

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Command = Callable[..., "Ended"]


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Terminal:
    """A running service, and the command line beside it, with the service's address and key in the environment."""

    service: Running
    capsys: pytest.CaptureFixture[str]

    async def run(self, *arguments: str) -> Ended:
        """Run ``bellwire ARGUMENTS``; in a thread, since commands bring an event loop of their own."""
        self.capsys.readouterr()
        code = await asyncio.to_thread(main, arguments)
        return Ended(code, *self.capsys.readouterr())

    async def someone(self, name: str = "Adele Vance") -> str:
        """The object id of somebody who installed the app."""
        actor = self.service.teams.person(name)
        await actor.install()
        return actor.aad_object_id


@pytest.fixture(autouse=True)
def _nobody_sets_the_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest-xdist gives its workers a width of 80 characters; a pipe has none."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs ``bellwire ARGUMENTS`` in this process, in an empty directory, with no settings but those given."""

    def run(*arguments: str, env: Mapping[str, str] | None = None) -> Ended:
        for name in set(os.environ) - set(clean_environment()) - {FOLDER}:
            monkeypatch.delenv(name)
        for name, value in (env or {}).items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        capsys.readouterr()
        with _logging_as_it_was():
            code = main(arguments)
        return Ended(code, *capsys.readouterr())

    return run


@contextmanager
def _logging_as_it_was() -> Iterator[None]:
    """Commands configure the logs of their process; here that process is the test run's."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


@pytest.fixture
def bellwire(tmp_path: Path) -> Run:
    """Runs ``bellwire ARGUMENTS`` as a process, in an empty directory, without any settings of this machine."""

    def run(
        *arguments: str, env: Mapping[str, str] | None = None, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        given: dict[str, Any] = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
        return subprocess.run(
            [sys.executable, "-m", "bellwire", *arguments],
            cwd=tmp_path,
            env=clean_environment() | {"NO_COLOR": "1"} | dict(env or {}),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **given,
        )

    return run


def clean_environment() -> dict[str, str]:
    """The environment without any settings of Bellwire's."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BELLWIRE_")}


@pytest.fixture
async def quiet(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Terminal]:
    """A command line beside a service that accepts messages and sends none."""
    async with running(sqlite_url, work=False) as service:
        monkeypatch.setenv("BELLWIRE_URL", service.url)
        monkeypatch.setenv("BELLWIRE_API_KEY", service.key)
        yield Terminal(service, capsys)


@pytest.fixture
async def working(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Terminal]:
    """A command line beside a service that sends."""
    async with running(sqlite_url) as service:
        monkeypatch.setenv("BELLWIRE_URL", service.url)
        monkeypatch.setenv("BELLWIRE_API_KEY", service.key)
        yield Terminal(service, capsys)
