"""What an Adaptive Card must be before Teams is asked to show it (platform reference §6, §11)."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, Final

from bellwire.errors import InvalidInput
from bellwire.model.text import MOST_PAYLOAD, check_characters

VERSION: Final = r"1\.[0-5]"
"""The versions of the card schema that Teams shows; a newer one shows as its fallback or not at all."""

DEEPEST: Final = 64
"""Levels of nesting; a card that anybody can read has a dozen."""

LARGEST_NUMBER: Final = 2**53
"""Beyond it a number changes on its way through JavaScript, which is what shows the card."""


def check_card(card: dict[str, Any], *, field: str = "card") -> None:
    """Refuse what Teams would refuse or fail to show.

    Raises:
        InvalidInput: names the field inside the card by a dotted path, and never repeats a value.
    """
    if card.get("type") != "AdaptiveCard":
        raise InvalidInput("It is not an Adaptive Card.", field=f"{field}.type", remedy="Set type to 'AdaptiveCard'.")
    version = card.get("version")
    if not isinstance(version, str) or not re.fullmatch(VERSION, version):
        raise InvalidInput(
            "Teams shows versions 1.0 to 1.5.", field=f"{field}.version", remedy="Set version to '1.5' or lower."
        )
    for path, value in _leaves(card, field):
        _check_leaf(path, value)
    _check_size(card, field)


def _leaves(card: dict[str, Any], field: str) -> Iterator[tuple[str, Any]]:
    """Every key and every value that is no container, with its path; without recursion, since depth is hostile."""
    open_ends: list[tuple[str, Any, int]] = [(field, card, 1)]
    while open_ends:
        path, value, depth = open_ends.pop()
        if depth > DEEPEST:
            raise InvalidInput("It is nested too deeply.", field=field, remedy=f"Nest at most {DEEPEST} levels.")
        if isinstance(value, dict):
            for key, inner in value.items():
                yield path, key
                open_ends.append((f"{path}.{key}" if _plain(key) else path, inner, depth + 1))
        elif isinstance(value, list):
            open_ends.extend((f"{path}.{index}", inner, depth + 1) for index, inner in enumerate(value))
        else:
            yield path, value


def _check_leaf(path: str, value: Any) -> None:
    if isinstance(value, str):
        check_characters(value, field=path)
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, (int, float)):
        if abs(value) > LARGEST_NUMBER or not math.isfinite(value):
            raise InvalidInput("The number is too large.", field=path, remedy="Stay within ±2^53.")
    else:
        raise InvalidInput(
            "It is not JSON.", field=path, remedy="Use objects, arrays, texts, numbers, true, false, null."
        )


def _check_size(card: dict[str, Any], field: str) -> None:
    size = len(json.dumps(card, ensure_ascii=False, separators=(",", ":")).encode("utf-16-le"))
    if size > MOST_PAYLOAD:
        raise InvalidInput(
            f"{size} bytes in UTF-16 are too many for one message.",
            field=field,
            code="message_too_big",
            remedy=f"Shorten the card to {MOST_PAYLOAD} bytes; 28 KB is safe everywhere.",
        )


def _plain(key: Any) -> bool:
    return isinstance(key, str) and key.isidentifier() and len(key) <= 40
