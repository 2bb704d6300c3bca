"""The examples of docs/import.md are what they are said to be, and the page explains every reason."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bellwire.cli.heap.files import records_in
from bellwire.cli.heap.record import Record
from bellwire.model.finding import EXPLAINED, Why
from bellwire.model.surface import Surface
from bellwire.teams.entries import read_entry

PAGE = (Path(__file__).parents[2] / "docs" / "import.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^### ([^\n]+)\n(?:(?!^###).)*?```(json|csv)\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
MENDED = "A file with the last conversation of each person"


@pytest.mark.parametrize(("title", "kind", "example"), EXAMPLES, ids=[title for title, _, _ in EXAMPLES])
def test_every_example_is_one_persons_conversation(tmp_path: Path, title: str, kind: str, example: str) -> None:
    file = tmp_path / f"example.{kind}"
    file.write_text(example)
    [record] = records_in(file)
    assert isinstance(record, Record)
    entry = read_entry(record.fields, datetime.now(UTC), tenant_id="72f988bf-86f1-41af-91ab-2d7cd011db47")
    personal = entry.classification.surface is Surface.TEAMS_PERSONAL
    assert (personal, entry.kind_missing) == ((False, True) if title == MENDED else (True, False))
    assert (entry.aad_object_id, entry.conversation_id) == ("5d0e1f9c-2b6a-4a53-9f0e-7b1c3c1d2e4f", "a:1-adele")


def test_there_is_an_example_for_each_format() -> None:
    assert len(EXAMPLES) == 5


def test_the_page_names_every_reason_beside_its_verdict() -> None:
    rows = re.findall(r"^\| (\w+) \| (.+?) \|", PAGE, re.MULTILINE)
    named = {code: verdict for verdict, codes in rows for code in re.findall(r"`(\w+)`", codes)}
    assert {why.value: EXPLAINED[why].verdict.value for why in Why} == {
        code: verdict for code, verdict in named.items() if code in {why.value for why in Why}
    }
