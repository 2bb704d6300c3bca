"""Which version the tables have, and whether this program can work on it."""

from __future__ import annotations

from typing import NamedTuple


class Revisions(NamedTuple):
    """Where the tables are, None before the first, and where this program wants them; whether it knows the former.

    ``oldest`` is the newest revision that the oldest program knows which may work on these tables. Revisions are
    numbers of four digits, so they compare as text.
    """

    current: str | None
    newest: str | None
    known: bool
    oldest: str | None = None

    @property
    def behind(self) -> bool:
        """Whether the tables are older than this program wants them, or not there yet."""
        return self.current is None or (self.known and self.current != self.newest)

    @property
    def bearable(self) -> bool:
        """Whether this program may work on the tables as they are, or may bring them up to date."""
        if self.current is None or self.known:
            return True
        return self.oldest is not None and self.newest is not None and self.oldest <= self.newest
