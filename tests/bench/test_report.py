"""The page, the tables and the pictures say what was found."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console

from bellwire.bench.page import page
from bellwire.bench.plots import draw
from bellwire.bench.results import Findings
from bellwire.bench.tables import grids
from tests.bench.findings import findings


def test_the_page_names_the_machine_and_the_target_that_was_missed() -> None:
    written = page(findings())
    assert "| Processor | A Processor |" in written
    assert "15 of 16 targets are met." in written
    assert "| to the wire within 100 ms at p99 while 100,000 wait, unthrottled | 140 ms (p50 9 ms) | NO |" in written


def test_the_page_says_when_the_connector_counted_otherwise() -> None:
    found = findings()
    found["throughput"]["standings"][2]["confirmed"] = 9_999
    assert "m365 agents says 10,000 sent and 0 failed; the connector counted 9,999." in page(found)


def test_the_page_warns_when_others_used_the_core() -> None:
    found = findings()
    assert "not quiet" not in page(found)
    found["throughput"]["standings"][0]["core"] = 0.5
    assert "not quiet" in page(found)


def test_the_page_leaves_out_what_was_not_run() -> None:
    written = page(Findings(machine={}, quick=True, queue=findings()["queue"]))
    assert "quick run" in written
    assert "## 4." in written
    assert "## 1." not in written


def test_every_table_can_be_drawn_in_a_terminal() -> None:
    console = Console(width=200, record=True)
    for grid in grids(findings()).values():
        console.print(grid.drawn())
    assert "aiohttp" in console.export_text()


def test_every_picture_is_an_svg_that_the_page_shows(tmp_path: Path) -> None:
    drawn = draw(findings(), tmp_path)
    shown = page(findings())
    assert len(drawn) == 4
    for path in drawn:
        assert ElementTree.parse(path).getroot().tag.endswith("svg")
        assert f"pictures/{path.name}" in shown
