"""Every command on a page is one that the command line understands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import typer.main

from bellwire.cli.run import application

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND: Final[Any] = typer.main.get_command(application())


def commands(page: str) -> Iterator[str]:
    """What stands in inline code, in a table's cell too, and at the start of a line in a block for the shell."""
    for block in re.findall(r"^ *```sh\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            yield line.strip()
    yield from re.findall(r"`([^`\n]+)`", page)


def misunderstood(said: str) -> str | None:
    """Why the command line does not take these words. A command may be named without what it needs."""
    words = shlex.split(said.replace("\\|", "|"), comments=True)[1:]
    words = words[: next((at for at, word in enumerate(words) if word in {"|", ">", "&&", "&", "..."}), None)]
    command = COMMAND
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        if words[0] == "COMMAND":
            return None
        if words[0] not in command.commands:
            return f"there is no {words[0]}"
        command = command.commands[words.pop(0)]
    takes = {name: each for each in command.params for name in (*each.opts, *each.secondary_opts)}
    if words and words[-1] in takes and not getattr(takes[words[-1]], "is_flag", True):
        words.append("VALUE")
    parser = command.make_parser(command.context_class(command))
    try:
        _, left, _ = parser.parse_args(words)
    except Exception as error:
        return str(error)
    return f"nothing takes {left}" if left else None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_on_a_page_is_understood(page: Path) -> None:
    said = [each for each in commands(page.read_text(encoding="utf-8")) if re.match(r"bellwire( |$)", each)]
    assert not [(each, why) for each in said if (why := misunderstood(each))]


def examples(command: Any) -> Iterator[str]:
    """What stands below the help of each command."""
    yield from (line for line in (command.epilog or "").splitlines() if "bellwire " in line)
    for each in getattr(command, "commands", {}).values():
        yield from examples(each)


def test_every_example_in_the_help_is_understood() -> None:
    shown = list(examples(COMMAND))
    assert len(shown) > 20
    assert not [(each, why) for each in shown if (why := misunderstood(each[each.index("bellwire ") :]))]


def without_json(command: Any, name: str) -> Iterator[str]:
    if hasattr(command, "commands"):
        for each, below in command.commands.items():
            yield from without_json(below, f"{name} {each}")
    elif not any("--json" in each.opts for each in command.params):
        yield name


def test_every_command_takes_json_but_the_one_that_writes_a_document_anyway() -> None:
    assert list(without_json(COMMAND, "bellwire")) == ["bellwire people export"]


@pytest.mark.parametrize(
    "said", ["bellwire deliveries --state unknown", "bellwire deliveries ID", "bellwire nothing", "bellwire serve more"]
)
def test_a_command_that_does_not_work_is_found(said: str) -> None:
    assert misunderstood(said)
