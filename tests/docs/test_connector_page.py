"""docs/connector.md lists every action and trigger of the connector."""

from __future__ import annotations

import re
from pathlib import Path

from bellwire.flows.connector.actions import ACTIONS, TRIGGERS

PAGE = (Path(__file__).parents[2] / "docs" / "connector.md").read_text(encoding="utf-8")


def test_the_page_lists_every_action_and_no_other() -> None:
    rows = re.findall(r"^\| ([A-Z][^|]+?) \|", PAGE, re.MULTILINE)
    assert rows == [action.summary for action in (*ACTIONS, *TRIGGERS)]
