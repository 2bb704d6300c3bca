"""``bellwire demo`` ends by itself where there is no terminal, with 0 because everything held."""

from __future__ import annotations

import json
import re

from bellwire.cli.exits import Exit
from tests.cli.conftest import Run, bellwire

__all__ = ["bellwire"]


def test_without_a_terminal_it_tells_the_story_and_ends(bellwire: Run) -> None:
    ended = bellwire("demo")
    assert (ended.returncode, ended.stderr) == (Exit.OK, "")
    assert re.search(r"All \d+ expectations held\.", ended.stdout)


def test_as_json_it_is_one_document(bellwire: Run) -> None:
    ended = bellwire("demo", "--json")
    document = json.loads(ended.stdout)
    assert document["held"] is True
    assert len(document["scenes"]) == 8
