"""Whose turn it is: urgent overtakes everything, and still nobody starves."""

from __future__ import annotations

from typing import Final

from bellwire.model.delivery import Priority

_ORDER: Final = (Priority.URGENT, Priority.NORMAL, Priority.BULK)
_NORMAL_FIRST: Final = (Priority.NORMAL, Priority.URGENT, Priority.BULK)
_BULK_FIRST: Final = (Priority.BULK, Priority.URGENT, Priority.NORMAL)
_ROUND: Final = (_ORDER, _ORDER, _ORDER, _NORMAL_FIRST, _ORDER, _ORDER, _NORMAL_FIRST, _ORDER, _ORDER, _BULK_FIRST)


def turn(number: int) -> tuple[Priority, ...]:
    """Whom to ask first for the ``number``-th request of a lane: of ten, one begins with bulk, two with normal."""
    return _ROUND[number % len(_ROUND)]
