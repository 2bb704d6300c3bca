"""What the README and the other pages tell a newcomer to type exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bellwire import Client

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def commands(page: Path) -> list[str]:
    """Every ``bellwire ...`` line of the page's shell blocks."""
    lines = (line.partition(" #")[0].strip() for block in blocks(page, "sh") for line in block.splitlines())
    found = [re.search(r"(?:^|\| |\$\()(bellwire [^|)]+)", line) for line in lines]
    return [match.group(1).strip() for match in found if match]


def test_the_readme_shows_commands() -> None:
    assert {"make demo", "make test"} <= {
        line for block in blocks(ROOT / "README.md", "sh") for line in block.split("\n")
    }
    assert re.search(r"^demo:", MAKEFILE, re.MULTILINE)
    assert re.search(r"^test:", MAKEFILE, re.MULTILINE)
    assert len(commands(ROOT / "README.md")) >= 4


def test_the_python_example_compiles_and_calls_what_exists() -> None:
    (example,) = blocks(ROOT / "README.md", "python")
    compile(example, "README.md", "exec")
    assert all(hasattr(Client, name) for name in re.findall(r"bellwire\.(\w+)\(", example))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if not target.startswith(("http://", "https://"))]
    assert not [target for target in local if not (page.parent / target).exists()]
