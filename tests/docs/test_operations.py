"""docs/operations.md lists every metric with its labels."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from bellwire.service import metrics, worker_metrics

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
KINDS = frozenset({"Counter", "Gauge", "Histogram", "CounterMetricFamily", "GaugeMetricFamily"})


def test_the_page_lists_every_metric_with_its_labels() -> None:
    rows = re.findall(r"^\| `(bellwire_\w+)` \| (.*?) \|", PAGE, re.MULTILINE)
    listed = {name: re.findall(r"`(\w+)`", labels) for name, labels in rows}
    assert listed == dict(made())


def made() -> Iterator[tuple[str, list[str]]]:
    """Every metric that the modules make, with its labels."""
    for module in (metrics, worker_metrics):
        for call in ast.walk(ast.parse(Path(str(module.__file__)).read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in KINDS:
                if not isinstance(call.args[0], ast.Constant):
                    continue  # the other Counter, which counts
                named = [each.value for each in call.keywords if each.arg == "labels"]
                labels = [*named, *call.args[2:3]]
                yield ast.literal_eval(call.args[0]), ast.literal_eval(labels[0]) if labels else []
