"""A file as text, whatever encoding it came in: Excel writes UTF-16 and byte order marks."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Final, TextIO

MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
LOOK: Final = 64


def open_text(path: Path) -> TextIO:
    """The file, to be read. What is no text in its encoding is kept as what no field may hold, and refused there.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        encoding = encoding_of(file.read(LOOK))
    errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
    return path.open(encoding=encoding, errors=errors, newline="")


def encoding_of(start: bytes) -> str:
    """The encoding of a file that begins so: by its mark, or by where its zero bytes are."""
    for mark, encoding in MARKS:
        if start.startswith(mark):
            return encoding
    if start[1:2] == b"\0" and start[:1] != b"\0":
        return "utf-16-le"
    if start[:1] == b"\0" and start[1:2] != b"\0":
        return "utf-16-be"
    return "utf-8"
