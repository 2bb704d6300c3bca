"""docs/cli.md and the command line agree on commands and exit codes."""

from __future__ import annotations

import re
from pathlib import Path

import typer.main

from bellwire.cli.exits import MEANINGS, Exit
from bellwire.cli.run import application

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")


def test_the_page_lists_every_exit_code_with_its_meaning() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| (.+) \|$", PAGE, re.MULTILINE)
    assert rows == [(str(code.value), code.name, MEANINGS[code]) for code in Exit]


def test_the_page_lists_every_command() -> None:
    listed = set(re.findall(r"^\| `bellwire (\w+)` \|", PAGE, re.MULTILINE))
    assert listed == set(getattr(typer.main.get_command(application()), "commands", {}))
