"""What the dashboard and the alerts ask for is what a service serves, and Prometheus understands it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.support.service import running

ROOT: Final = Path(__file__).parents[2]
DASHBOARD: Final[dict[str, Any]] = json.loads((ROOT / "deploy/grafana/bellwire.json").read_text("utf-8"))
ALERTS: Final = ROOT / "deploy/prometheus/alerts.yml"
RULES: Final[list[dict[str, Any]]] = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"][0]["rules"]
PAGE: Final = (ROOT / "docs/operations.md").read_text("utf-8")
NAME: Final = re.compile(r"\b(?:bellwire|process)_[a-z_]+")


def panels() -> Iterator[dict[str, Any]]:
    yield from (panel for panel in DASHBOARD["panels"] if panel["type"] != "row")


def expressions() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel["targets"]]


async def test_every_metric_that_is_asked_for_is_served(sqlite_url: str) -> None:
    async with running(sqlite_url) as service:
        served = (await service.call("GET", "/metrics")).body
    families = dict(re.findall(r"^# TYPE (\S+) (\w+)$", served, re.MULTILINE))
    parts = {f"{name}{part}" for name, kind in families.items() if kind == "histogram" for part in PARTS}
    asked = {name for text in (*expressions(), *(rule["expr"] for rule in RULES)) for name in NAME.findall(text)}
    assert asked - families.keys() - parts == set()
    own = {name.removesuffix("_total") for name in families if name.startswith("bellwire_") and "_created" not in name}
    shown = {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in NAME.findall(" ".join(expressions()))}
    assert own - shown == set(), "every metric has a panel"


PARTS: Final = ("_bucket", "_sum", "_count")


def test_the_dashboard_keeps_its_address_and_every_panel_its_number() -> None:
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert (DASHBOARD["uid"], DASHBOARD["title"]) == ("bellwire", "Bellwire")
    assert len(set(numbers)) == len(numbers)
    assert all(panel["datasource"]["uid"] == "${datasource}" and panel["description"] for panel in panels())


def test_the_page_says_what_to_do_about_every_alert() -> None:
    assert re.findall(r"^\| `(Bellwire\w+)` \|", PAGE, re.MULTILINE) == [rule["alert"] for rule in RULES]


def test_no_alert_waits_for_a_counter_that_a_fresh_process_does_not_have() -> None:
    """A counter with labels has no sample before its first event, and what is compared with nothing never fires."""
    counters = r"(?:rate|increase)\((?!bellwire_commit|bellwire_loop)bellwire_\w+"
    assert not [rule["alert"] for rule in RULES if re.search(rf"{counters}[^<>=]*(?:==\s*0|<)", rule["expr"])]


def test_prometheus_understands_every_expression(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    plain = (text.replace("$__rate_interval", "5m").replace("$sender", ".*") for text in expressions())
    recorded = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(plain)]
    panels_file = tmp_path / "panels.yml"
    panels_file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}), encoding="utf-8")
    ended = subprocess.run([promtool, "check", "rules", str(ALERTS), str(panels_file)], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
