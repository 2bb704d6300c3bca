"""Records in a table: CSV with commas, semicolons or tabs, the columns named in the first line."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

from bellwire.cli.heap.json_records import NAMES, OF_A_RECORD
from bellwire.cli.heap.record import Broken, Record
from bellwire.teams.names import known

DELIMITERS: Final = ",;\t"
EXCELS_OWN: Final = "sep="


def csv_records(file: Path, source: TextIO) -> Iterator[Record | Broken]:
    """The rows of a table; one that cannot be read is told by its line, and the next ones are read all the same."""
    first = source.readline()
    source.seek(0)
    if first.lower().startswith(EXCELS_OWN):
        source.readline()
        delimiter, begins = first[len(EXCELS_OWN) : len(EXCELS_OWN) + 1], 1
    else:
        delimiter, begins = max(DELIMITERS, key=first.count), 0
    rows = csv.reader(source, delimiter=delimiter if delimiter in DELIMITERS else ",")
    header = next(rows, [])
    if (wrong := _objection(header)) is not None:
        yield Broken(file, begins + 1, wrong)
        return
    while True:
        line = begins + rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Broken(file, line, f"It is no row of a table: {error}.")
            continue
        if any(cell.strip() for cell in row[len(header) :]):
            yield Broken(file, line, f"It has {len(row)} cells, the first line has {len(header)}.")
        elif any(cell.strip() for cell in row):
            cells = zip(header, row, strict=False)
            yield Record(file, line, {name: cell.strip() for name, cell in cells if cell.strip()})


def _objection(header: list[str]) -> str | None:
    """Why this cannot be the first line of such a table."""
    if not any(known(name) in OF_A_RECORD | NAMES for name in header):
        return "The first line names no column that is known, such as aadObjectId and conversationId."
    twice = {name for name in header if known(name) and header.count(name) > 1}
    return f"The first line names {', '.join(sorted(twice))} twice." if twice else None
