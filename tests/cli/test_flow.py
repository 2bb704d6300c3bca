"""``bellwire flow package``: writes the solution, and refuses what cannot be an agent's name."""

from __future__ import annotations

from pathlib import Path
from zipfile import is_zipfile

import pytest

from bellwire.cli.exits import Exit
from tests.cli.conftest import Command


def test_the_solution_is_written(command: Command, tmp_path: Path) -> None:
    ended = command("flow", "package", "--agent", "cr637_pager", "--callers", "anyone", "--json")
    assert ended.code == Exit.OK
    assert ended.json == {"file": "bellwire-flow.zip", "agent": "cr637_pager", "callers": "anyone"}
    assert is_zipfile(tmp_path / "bellwire-flow.zip")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--agent", "My agent"], "--agent"), (["--callers", "nobody"], "callers"), (["--out", "no/where.zip"], "--out")],
)
def test_what_cannot_be_is_refused(command: Command, arguments: list[str], said: str) -> None:
    ended = command("flow", "package", *arguments)
    assert ended.code == Exit.USAGE
    assert said in ended.err
