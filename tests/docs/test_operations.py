"""docs/operations.md lists every metric with its labels."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from bellwire.service import metrics

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
KINDS = frozenset({"Counter", "Gauge", "Histogram"})


def test_the_page_lists_every_metric_with_its_labels() -> None:
    rows = re.findall(r"^\| `(bellwire_\w+)` \| (.*?) \|", PAGE, re.MULTILINE)
    listed = {name: re.findall(r"`(\w+)`", labels) for name, labels in rows}
    assert listed == made()


def made() -> dict[str, list[str]]:
    """Every metric that the module makes, with its labels."""
    calls = [
        node for node in ast.walk(ast.parse(Path(metrics.__file__).read_text("utf-8"))) if isinstance(node, ast.Call)
    ]
    named = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in KINDS]
    return {ast.literal_eval(call.args[0]): ast.literal_eval(call.args[2]) for call in named}
