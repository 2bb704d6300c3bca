"""docs/simulator.md is complete: every control call, deed, fault and flaw is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bellwire.simulator import Flaw, Simulator
from bellwire.simulator.control.deeds import DEEDS
from bellwire.simulator.control.routes import routes
from bellwire.simulator.faults import Deed
from bellwire.simulator.regions import Region

PAGE = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("route", routes(Simulator()), ids=lambda route: f"{route.method} {route.path}")
def test_every_control_call_is_listed(route: object) -> None:
    method, path = getattr(route, "method", ""), getattr(route, "path", "")
    assert f"`{method} {path.removeprefix('/control/')}" in PAGE


@pytest.mark.parametrize("word", [*DEEDS, *Deed, *Flaw, *Region])
def test_every_word_of_the_control_api_is_explained(word: str) -> None:
    assert f"`{word}" in PAGE
