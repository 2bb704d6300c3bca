"""docs/architecture.md draws the states and the house as the code has them."""

from __future__ import annotations

import re
import tomllib
from itertools import pairwise
from pathlib import Path

from bellwire.model.delivery import TRANSITIONS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_the_diagram_shows_every_transition_and_no_other() -> None:
    drawn = set(re.findall(r"^  (\w+) --> (\w+)", PAGE.partition("stateDiagram-v2")[2], re.MULTILINE))
    assert drawn == {(str(one), str(other)) for one, others in TRANSITIONS.items() for other in others}


def test_every_part_of_the_house_is_named() -> None:
    parts = {path.name for path in (ROOT / "src" / "bellwire").iterdir() if path.is_dir() and path.name[0] != "_"}
    assert {part for part in parts if f"| `{part}` |" not in PAGE and f"<b>{part}</b>" not in PAGE} == set()


def test_the_arrows_lead_downwards() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = contracts["contracts"][0]["layers"]
    floor = {name: height for height, layer in enumerate(layers) for name in re.findall(r"bellwire\.(\w+)", layer)}
    chart = PAGE.partition("flowchart TB")[2].partition("```")[0]
    for line in re.findall(r"^  (\w+ -->.*)$", chart, re.MULTILINE):
        for upper, lower in pairwise(line.split(" --> ")):
            assert max(floor[name] for name in upper.split(" & ")) < min(floor[name] for name in lower.split(" & "))
