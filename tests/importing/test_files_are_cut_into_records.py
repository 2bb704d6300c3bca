"""JSON and CSV of any layout, encoding and length: every record comes out with its line, and what is broken is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bellwire.cli.heap.files import files_in, records_in
from bellwire.cli.heap.json_text import LONGEST
from bellwire.cli.heap.record import Broken, Record
from bellwire.errors import InvalidInput
from tests.importing.heaps import columns, reference, user_data
from tests.support.activities import MEGAN, TEAMS_CHAT, TENANT, Json


def cut(tmp_path: Path, content: str | bytes, name: str = "heap.json") -> list[Record | Broken]:
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(records_in(file))


def fields(found: list[Record | Broken]) -> list[Any]:
    assert all(isinstance(each, Record) for each in found), found
    return [each.fields for each in found if isinstance(each, Record)]


ONE = reference()
LAYOUTS: dict[str, Any] = {
    "one": ONE,
    "list": [ONE],
    "list of lists": [[ONE], []],
    "map by some key": {f"_{TENANT}_{TEAMS_CHAT}": ONE},
    "map in a map": {"users": {"megan": {"teams": ONE}}, "version": 3},
    "azure's answer": {"items": [ONE], "nextMarker": {}},
    "odata's answer": {"odata.metadata": "https://x.example/$metadata#UserData", "value": [ONE]},
    "export's page": {"references": [ONE], "next": None},
    "TinyDB": {"_default": {"1": ONE}},
}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("indent", [None, 2])
def test_the_same_record_comes_out_of_every_layout(tmp_path: Path, name: str, indent: int | None) -> None:
    assert fields(cut(tmp_path, json.dumps(LAYOUTS[name], indent=indent))) == [ONE]


def test_a_map_by_object_ids_says_whose_records_they_are(tmp_path: Path) -> None:
    nobodys = {**ONE, "user": {"id": "29:1MEGAN"}}
    expected = [{**nobodys, "aadObjectId": MEGAN}]
    assert fields(cut(tmp_path, json.dumps({MEGAN: nobodys}))) == expected
    assert fields(cut(tmp_path, json.dumps({MEGAN: {"copilot": nobodys}}))) == expected


def test_a_map_of_nothing_but_the_last_conversations_ids_is_read(tmp_path: Path) -> None:
    found = fields(cut(tmp_path, json.dumps({MEGAN: TEAMS_CHAT, "megan": "19:x@thread.v2", "saved": "yesterday"})))
    assert found == [
        {"conversationId": TEAMS_CHAT, "aadObjectId": MEGAN},
        {"conversationId": "19:x@thread.v2"},
    ]


def test_lines_of_json_are_read_on_after_one_that_is_broken(tmp_path: Path) -> None:
    lines = [json.dumps(ONE), '{"user": ', json.dumps(ONE)]
    for name in ("heap.jsonl", "heap.json"):
        found = cut(tmp_path, "\n".join(lines), name)
        assert [(type(each), each.line) for each in found] == [(Record, 1), (Broken, 2), (Record, 3)]


def test_the_place_where_json_breaks_off_is_told_and_what_came_before_is_kept(tmp_path: Path) -> None:
    whole = json.dumps([ONE, ONE, ONE], indent=1)
    found = cut(tmp_path, whole[: whole.rindex('"serviceUrl"') + 5])
    assert [type(each) for each in found] == [Record, Record, Broken]
    broken = found[-1]
    assert isinstance(broken, Broken)
    assert broken.line >= whole.count("\n") - 4
    assert "was not read" in broken.detail


def test_every_record_has_the_line_on_which_it_begins(tmp_path: Path) -> None:
    heap = {"a": ONE, "b": [ONE, ONE]}
    text = json.dumps(heap, indent=2)
    starts = [number for number, line in enumerate(text.splitlines(), 1) if line.rstrip().endswith("{")][1:]
    lines = [each.line for each in cut(tmp_path, text)]
    assert lines == [line for line in starts if text.splitlines()[line - 1].startswith(('  "a"', "    {"))]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_any_encoding_that_excel_writes_is_read(tmp_path: Path, encoding: str) -> None:
    row = columns(name="Zoë Müller-Łukasz")
    assert fields(cut(tmp_path, json.dumps([row], ensure_ascii=False).encode(encoding))) == [row]
    assert fields(cut(tmp_path, _csv([row], "\t").encode(encoding), "heap.txt")) == [row]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_has_whatever_delimiter_its_first_line_has(tmp_path: Path, delimiter: str) -> None:
    rows = [user_data(), user_data(Name='Bowen, "Megan";\nsecond line')]
    assert fields(cut(tmp_path, _csv(rows, delimiter), "heap.csv")) == rows
    assert fields(cut(tmp_path, f"sep={delimiter}\r\n{_csv(rows, delimiter)}", "heap.csv")) == rows


def test_a_broken_row_is_told_by_its_line_and_the_next_ones_are_read(tmp_path: Path) -> None:
    good = _csv([columns(), columns(), columns()], ",").splitlines()
    found = cut(tmp_path, "\n".join([good[0], good[1], good[2] + ",more,cells", "", good[3]]), "heap.csv")
    assert [(type(each), each.line) for each in found] == [(Record, 2), (Broken, 3), (Record, 5)]


@pytest.mark.parametrize("content", ["", "no,known,column\n1,2,3\n", "aadId,aadId\n1,2\n", b"\xff\xfe\x00"])
def test_what_is_no_such_table_is_told_once(tmp_path: Path, content: str | bytes) -> None:
    assert [type(each) for each in cut(tmp_path, content, "heap.csv")] == [Broken]


def test_bytes_that_are_no_text_end_up_where_no_field_may_hold_them(tmp_path: Path) -> None:
    [row] = fields(cut(tmp_path, b'[{"conversationId": "a:\xff", "aadObjectId": "1"}]'))
    assert row["conversationId"] == "a:\udcff"


@pytest.mark.parametrize(
    "content",
    ["[" * 100_000, '{"a":' * 100_000, "[" + "9" * 10_000 + "]", '[{"user": "' + "x" * (2 * LONGEST) + '"}]'],
    ids=["deep list", "deep map", "long number", "long record"],
)
def test_what_no_honest_file_holds_ends_in_a_word_not_in_a_crash(tmp_path: Path, content: str) -> None:
    found = cut(tmp_path, content)
    assert [type(each) for each in found] == [Broken]


def test_a_file_is_never_held_in_memory_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "huge.json"
    with file.open("w") as out:
        out.write("{")
        out.writelines(f'"{number}": {json.dumps(ONE)},\n' for number in range(10_000))
        out.write(f'"last": {json.dumps(ONE)}}}')
    size, read = file.stat().st_size, list[int]()
    count = sum(1 for _ in records_in(file, read.append))
    assert count == len(read) == 10_001
    assert all(position <= size * place / count + 2 * LONGEST for place, position in enumerate(read))


def test_the_newest_file_comes_first_and_folders_are_searched(tmp_path: Path) -> None:
    import os

    for age, name in enumerate(["new.json", "sub/old.csv", "sub/deep/older.jsonl", "note.md"]):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("[]")
        os.utime(file, (1_700_000_000 - age, 1_700_000_000 - age))
    assert [file.name for file in files_in([tmp_path])] == ["new.json", "old.csv", "older.jsonl"]
    with pytest.raises(InvalidInput):
        files_in([tmp_path / "missing.json"])
    with pytest.raises(InvalidInput):
        files_in([])


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
records = values.map(lambda value: {"aadObjectId": MEGAN, "more": value})


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(heap=st.lists(records, max_size=6), indent=st.sampled_from([None, 0, 3]), ascii_only=st.booleans())
def test_no_record_is_lost_or_changed(tmp_path: Path, heap: list[Json], indent: int | None, ascii_only: bool) -> None:
    text = json.dumps({str(place): each for place, each in enumerate(heap)}, indent=indent, ensure_ascii=ascii_only)
    assert fields(cut(tmp_path, text)) == heap


def _csv(rows: list[Json], delimiter: str) -> str:
    import csv
    import io

    out = io.StringIO()
    table = csv.DictWriter(out, fieldnames=list(rows[0]), delimiter=delimiter)
    table.writeheader()
    table.writerows(rows)
    return out.getvalue()
