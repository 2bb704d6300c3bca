"""A window onto JSON text of any length, and the values in it one after the other."""

from __future__ import annotations

import json
from typing import Any, Final, TextIO

LONGEST: Final = 262_144
"""Characters of one record. Teams' own limit for a whole activity is about 100 KB."""

_PIECE: Final = 65_536
_BLANK: Final = " \t\r\n"
_DECODER: Final = json.JSONDecoder(strict=False)  # what no field may hold is refused by the field's name


class NotJson(ValueError):
    """The text is not JSON at ``line``."""

    def __init__(self, line: int, detail: str) -> None:
        super().__init__(detail)
        self.line = line
        self.detail = detail


class JsonText:
    """Reads forward only; ``line`` is where it stands."""

    def __init__(self, source: TextIO) -> None:
        self._source = source
        self._text = ""
        self._at = 0
        self._ended = False
        self.line = 1

    def peek(self) -> str:
        """The next character that is not blank; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _BLANK:
                self.line += self._text[self._at] == "\n"
                self._at += 1
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def take(self, *wanted: str) -> str:
        """The next character, which must be one of these.

        Raises:
            NotJson: it is another.
        """
        found = self.peek()
        if not found or found not in wanted:
            raise NotJson(self.line, f"One of {' '.join(wanted)} is missing here.")
        self._at += 1
        return found

    def whole(self) -> Any:
        """The next value with everything in it, without going past it; ``None`` if it is longer than a record may be.

        Raises:
            NotJson: it is not JSON.
        """
        found = self._decoded()
        return None if found is None else found[0]

    def value(self) -> Any:
        """The next value; the place is then after it.

        Raises:
            NotJson: it is not JSON, or longer than a record may be.
        """
        found = self._decoded()
        if found is None:
            raise NotJson(self.line, f"A record is longer than {LONGEST} characters.")
        value, end = found
        self.line += self._text.count("\n", self._at, end)
        self._at = end
        return value

    def skip_line(self) -> bool:
        """Go to the beginning of the next line; False if there is none."""
        while (end := self._text.find("\n", self._at)) < 0:
            self._at = len(self._text)
            if not self._more():
                return False
        self._at, self.line = end + 1, self.line + 1
        return True

    def _decoded(self) -> tuple[Any, int] | None:
        """The value and its end. A text that was cut off looks like one that is wrong, so more is read before a no."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                problem: Exception = error
            else:
                if end < len(self._text) or self._ended or not self._more():
                    return value, end
                continue
            if len(self._text) - self._at > LONGEST:
                if _cut_off(problem, len(self._text)):
                    return None
                raise self._wrong(problem)
            if not self._more():
                raise self._wrong(problem)

    def _wrong(self, problem: Exception) -> NotJson:
        if isinstance(problem, json.JSONDecodeError):
            line = self.line + self._text.count("\n", self._at, problem.pos)
            return NotJson(line, f"It is not JSON: {problem.msg}.")
        return NotJson(self.line, "It is not JSON that can be read: nested too deep, or a number too long.")

    def _more(self) -> bool:
        if self._ended:
            return False
        piece = self._source.read(_PIECE)
        self._text, self._at = self._text[self._at :] + piece, 0
        self._ended = not piece
        return not self._ended


def _cut_off(problem: Exception, length: int) -> bool:
    """Whether the decoder found nothing wrong before the end of what was read."""
    if not isinstance(problem, json.JSONDecodeError):
        return False
    return problem.msg.startswith("Unterminated string") or problem.pos >= length - 16
