"""docs/app-package.md names every option and every permission."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import typer.main

from bellwire.cli.run import application
from bellwire.teams.app_package.permissions import GRAPH_PERMISSIONS

PAGE = (Path(__file__).parents[2] / "docs" / "app-package.md").read_text(encoding="utf-8")


def test_the_page_names_every_option() -> None:
    command: Any = typer.main.get_command(application())
    options = {name for parameter in command.commands["package"].params for name in parameter.opts}
    assert {option for option in options if option not in PAGE} <= {"--out", "--json"}


def test_the_page_has_every_permission_with_its_use() -> None:
    rows = re.findall(r"^\| `([A-Z][\w.]+)` \| (.+) \|$", PAGE, re.MULTILINE)
    assert rows == [tuple(permission) for permission in GRAPH_PERMISSIONS]
