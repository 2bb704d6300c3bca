"""Which files to read, in which order, and what each of them is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, TextIO

from bellwire.cli.heap.csv_records import csv_records
from bellwire.cli.heap.json_records import json_records
from bellwire.cli.heap.record import Broken, Record
from bellwire.cli.heap.text import open_text
from bellwire.errors import InvalidInput

SUFFIXES: Final = frozenset({".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt"})


def files_in(paths: Sequence[Path]) -> list[Path]:
    """The files named, and those in the folders named; the newest first, since what it says is nearest to now.

    Raises:
        InvalidInput: there is no such file, or none at all.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += (each for each in sorted(path.rglob("*")) if each.suffix.lower() in SUFFIXES and each.is_file())
        elif path.is_file():
            found.append(path)
        else:
            raise InvalidInput("There is no such file.", field=str(path), remedy="Check its name.")
    if not found:
        raise InvalidInput("There are no files to read.", field="FILES", remedy="Name JSON or CSV files, or a folder.")
    return sorted(dict.fromkeys(found), key=lambda path: path.stat().st_mtime, reverse=True)


def records_in(file: Path, progress: Callable[[int], None] = lambda _: None) -> Iterator[Record | Broken]:
    """The records of one file; ``progress`` is told how many bytes have been read."""
    try:
        with open_text(file) as source:
            cut = json_records if _is_json(source) else csv_records
            for each in cut(file, source):
                progress(source.buffer.tell())
                yield each
    except OSError as error:
        yield Broken(file, 1, f"The file cannot be read: {error.strerror}.")
    except UnicodeError:
        yield Broken(file, 1, "The file is no text in the encoding that it begins with.")


def _is_json(source: TextIO) -> bool:
    start = source.read(4096).lstrip()
    source.seek(0)
    return start[:1] in ("{", "[")
