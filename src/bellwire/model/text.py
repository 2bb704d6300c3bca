"""What a text from outside must be before it is kept: storable everywhere, readable, and short enough for Teams."""

from __future__ import annotations

import re
from typing import Final

from bellwire.errors import InvalidInput

MOST_TEXT: Final = 20_000
"""Characters of a message's text: even if every one takes four bytes it stays below ``MOST_PAYLOAD``."""

MOST_SUMMARY: Final = 500
"""Characters of a summary; the toast shows far fewer."""

MOST_REFERENCE: Final = 200
"""Characters of the caller's own reference."""

MOST_PAYLOAD: Final = 80 * 1024
"""Bytes in UTF-16. Teams refuses near 100 KB, counts in UTF-16 and advises 80 KB (platform reference §6)."""

SAYS_SOMETHING: Final = (
    r"[^\u0000-\u0020\u007f-\u00a0\u00ad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]"
)
"""One character that shows, as a regular expression in any dialect, so that the schema can say it too."""

_visible = re.compile(SAYS_SOMETHING).search


def check_text(text: str, *, field: str, most: int) -> None:
    """Refuse a text that says nothing, is too long or cannot be stored.

    Raises:
        InvalidInput: names ``field``; the text itself is never repeated.
    """
    check_characters(text, field=field)
    if len(text) > most:
        raise InvalidInput(
            f"{len(text)} characters are too many.", field=field, remedy=f"Send at most {most} characters."
        )
    if not _visible(text):
        raise InvalidInput("Nothing in it can be seen.", field=field, remedy="Send at least one visible character.")


def check_characters(text: str, *, field: str) -> None:
    """Refuse what PostgreSQL or UTF-8 cannot hold: the NUL character and halves of surrogate pairs.

    Raises:
        InvalidInput: names ``field``.
    """
    if "\x00" in text:
        raise InvalidInput("It contains the NUL character.", field=field, remedy="Leave U+0000 out.")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidInput(
            "It contains half of a surrogate pair.", field=field, remedy="Send whole Unicode characters."
        )
