"""The app's two icons, drawn: a bell on the accent colour, and its outline (platform reference §10)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from bellwire.teams.app_package.png import Pixel, encode

COLOUR_SIDE: Final = 192
OUTLINE_SIDE: Final = 32

_SYMBOL_SIDE: Final = 96
"""The colour icon's symbol stays inside the middle, since Teams may cut the corners round."""

_SAMPLES: Final = 4
_LEFT, _TOP, _SIDE = 6.3, 6.5, 19.4
"""The square that the bell fills, in the units that its shape is written in."""

Shape = Callable[[float, float], bool]


def colour_icon(accent: str) -> bytes:
    """192x192: a white bell on a square of the accent colour, which is written ``#rrggbb``."""
    red, green, blue = bytes.fromhex(accent.removeprefix("#"))
    margin = (COLOUR_SIDE - _SYMBOL_SIDE) // 2
    bell = _drawn(_bell, _SYMBOL_SIDE)

    def colour(x: int, y: int) -> Pixel:
        inside = margin <= x < COLOUR_SIDE - margin and margin <= y < COLOUR_SIDE - margin
        white = bell[(y - margin) * _SYMBOL_SIDE + x - margin] if inside else 0
        return Pixel(_mixed(red, white), _mixed(green, white), _mixed(blue, white), 255)

    return encode(COLOUR_SIDE, COLOUR_SIDE, colour)


def outline_icon() -> bytes:
    """32x32: the bell's outline, white on transparent, without padding."""
    bell = _drawn(_outline, OUTLINE_SIDE)
    return encode(OUTLINE_SIDE, OUTLINE_SIDE, lambda x, y: Pixel(255, 255, 255, bell[y * OUTLINE_SIDE + x]))


def _mixed(part: int, white: int) -> int:
    return (part * (255 - white) + 255 * white) // 255


@lru_cache
def _drawn(shape: Shape, side: int) -> bytes:
    """How much of each pixel the shape covers, from 0 to 255."""
    return bytes(_covered(shape, side, x, y) for y in range(side) for x in range(side))


def _covered(shape: Shape, side: int, x: int, y: int) -> int:
    steps = [(step + 0.5) / _SAMPLES for step in range(_SAMPLES)]
    hits = sum(
        shape(_LEFT + _SIDE * (x + across) / side, _TOP + _SIDE * (y + down) / side)
        for across in steps
        for down in steps
    )
    return hits * 255 // _SAMPLES**2


def _bell(x: float, y: float) -> bool:
    return _body(x, y) or _clapper(x, y, 2.9)


def _outline(x: float, y: float) -> bool:
    hollow = 0.82
    inner = _body(16 + (x - 16) / hollow, 14.6 + (y - 14.6) / hollow)
    return (_body(x, y) and not inner) or (_clapper(x, y, 2.9) and not _clapper(x, y, 1.6))


def _body(x: float, y: float) -> bool:
    """Dome, waist and rim."""
    away = abs(x - 16)
    if y < 13.1:
        return away * away + (y - 13.1) ** 2 <= 6.6**2
    if y < 17.4:
        return away <= 6.6
    return y <= 21.8 and away <= 6.6 + (y - 17.4) * 0.58


def _clapper(x: float, y: float, radius: float) -> bool:
    return y >= 23 and (x - 16) ** 2 + (y - 23) ** 2 <= radius**2
