"""A JSON object from outside, read field by field: what must be right is refused with its name, the rest overlooked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bellwire.errors import InvalidActivity

LONGEST_ID: Final = 1024
"""Characters of a conversation's, an account's or an activity's id; ids of 400 characters have been seen."""

LONGEST_URL: Final = 2048
LONGEST_GUID: Final = 100
"""Emulators use ids that are nearly GUIDs, so the form is not demanded, only that it can be a key everywhere."""

LONGEST_WORD: Final = 256
"""Characters of a name, a locale, a time zone, a version."""

_key = re.compile(r"[!-~]+").fullmatch
_unprintable = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]").search


@dataclass(frozen=True, slots=True)
class Raw:
    """The fields of one JSON object and the path at which it stood."""

    fields: Mapping[str, object]
    path: str = ""

    def object(self, name: str) -> Raw:
        """The object under ``name``; an empty one where it is absent.

        Raises:
            InvalidActivity: there is something else.
        """
        value = self.fields.get(name)
        if value is None:
            return Raw({}, self._at(name))
        if not isinstance(value, Mapping):
            raise InvalidActivity("It is not an object.", field=self._at(name))
        return Raw(value, self._at(name))

    def objects(self, name: str) -> tuple[Raw, ...]:
        """The objects of the list under ``name``; entries that are no objects are overlooked.

        Raises:
            InvalidActivity: there is something else than a list.
        """
        value = self.fields.get(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise InvalidActivity("It is not a list.", field=self._at(name))
        path = self._at(name)
        return tuple(Raw(item, f"{path}[{place}]") for place, item in enumerate(value) if isinstance(item, Mapping))

    def text(self, name: str, longest: int = LONGEST_ID) -> str | None:
        """The text under ``name``, kept to the letter; none where it is absent or blank.

        Raises:
            InvalidActivity: it is no text, too long, or holds characters that no id and no address has.
        """
        value = self.fields.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise InvalidActivity("It is not a text.", field=self._at(name))
        if len(value) > longest:
            raise InvalidActivity(f"It is longer than {longest} characters.", field=self._at(name))
        if _unprintable(value):
            raise InvalidActivity("It holds characters that cannot be printed.", field=self._at(name))
        return value if value.strip() else None

    def key(self, name: str) -> str | None:
        """The text under ``name`` as a key of the store: in lower case, since Entra's ids have no case.

        Raises:
            InvalidActivity: it is no text, too long, or not plain ASCII without spaces.
        """
        value = self.text(name, LONGEST_GUID)
        if value is not None and not _key(value):
            raise InvalidActivity("It is not an id.", field=self._at(name))
        return None if value is None else value.lower()

    def hint(self, name: str, longest: int = LONGEST_WORD) -> str | None:
        """The text under ``name`` where it is usable; whatever is odd counts as absent."""
        try:
            return self.text(name, longest)
        except InvalidActivity:
            return None

    def hints(self, name: str) -> Iterator[Raw]:
        """The objects under ``name``, be it a list or a single one; whatever is odd counts as absent."""
        value = self.fields.get(name)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Mapping):
                yield Raw(item, self._at(name))

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name
