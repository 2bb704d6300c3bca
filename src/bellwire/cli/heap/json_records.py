"""Records in JSON: one, a list, a map of them by whatever key, nested or wrapped, or one in each line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TextIO

from bellwire.cli.heap.json_text import JsonText, NotJson
from bellwire.cli.heap.record import Broken, Record
from bellwire.teams.names import known

DEEPEST: Final = 5
LINES: Final = frozenset({".jsonl", ".ndjson"})
OF_A_RECORD: Final = frozenset(
    {"conversation", "conversationId", "conversationReference", "reference", "aadObjectId", "serviceUrl", "user"}
)
NAMES: Final = frozenset({"upn", "email"})
"""They make a record of plain fields only: among objects they may belong to what the records are wrapped in."""

_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_CONVERSATION: Final = re.compile(r"(?:a|19):\S+")


def json_records(file: Path, source: TextIO) -> Iterator[Record | Broken]:
    """The records of a JSON file. After what is not JSON only a file of lines can be read on."""
    text, cut = JsonText(source), _Cut(file)
    in_lines = file.suffix.lower() in LINES
    documents = 0
    while True:
        begins = text.line
        try:
            if not text.peek():
                return
            begins = text.line
            yield from cut.value(text, None, 0, wrapping=False)
        except NotJson as error:
            in_lines = in_lines or documents > 0
            if not in_lines:
                yield Broken(file, error.line, f"{error.detail} The rest of the file was not read.")
                return
            yield Broken(file, begins, error.detail)
            if not text.skip_line():
                return
        documents += 1


class _Cut:
    """Cuts values into records. ``person`` is the nearest key above that is an object id; a plain value among others
    that are ``wrapping`` belongs to what the records are wrapped in, and is passed over.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def value(self, text: JsonText, person: str | None, depth: int, *, wrapping: bool) -> Iterator[Record | Broken]:
        match text.peek():
            case "[" if depth < DEEPEST:
                yield from self._list(text, person, depth)
            case "{":
                yield from self._object(text, person, depth)
            case _:
                yield from self._scalar(text, person, wrapping=wrapping)

    def _list(self, text: JsonText, person: str | None, depth: int) -> Iterator[Record | Broken]:
        text.take("[")
        if text.peek() == "]":
            text.take("]")
            return
        while True:
            yield from self.value(text, person, depth + 1, wrapping=False)
            if text.take(",", "]") == "]":
                return

    def _object(self, text: JsonText, person: str | None, depth: int) -> Iterator[Record | Broken]:
        line, fields = text.line, text.whole()
        if fields is not None and (depth >= DEEPEST or _is_record(fields)):
            yield Record(self._file, line, _named(text.value(), person))
            return
        text.take("{")
        if text.peek() == "}":
            text.take("}")
            return
        while True:
            key = text.value()
            text.take(":")
            nearest = key if isinstance(key, str) and _GUID.fullmatch(key) else person
            yield from self.value(text, nearest, depth + 1, wrapping=True)
            if text.take(",", "}") == "}":
                return

    def _scalar(self, text: JsonText, person: str | None, *, wrapping: bool) -> Iterator[Record | Broken]:
        """A map may hold nothing but conversations' ids."""
        line, value = text.line, text.value()
        if isinstance(value, str) and _CONVERSATION.fullmatch(value):
            yield Record(self._file, line, _named({"conversationId": value}, person))
        elif not wrapping:
            yield Broken(self._file, line, "It is no conversation reference.")


def _is_record(fields: dict[str, Any]) -> bool:
    plain = not any(isinstance(value, (dict, list)) for value in fields.values())
    return any(known(name) in (OF_A_RECORD | NAMES if plain else OF_A_RECORD) for name in fields)


def _named(fields: dict[str, Any], person: str | None) -> dict[str, Any]:
    """The record with the person whose key it stood under, unless it says by itself whose it is."""
    if person is None or any(known(name) == "aadObjectId" for name in fields):
        return fields
    return {**fields, "aadObjectId": person}
