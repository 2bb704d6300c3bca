"""Draws cards as Power Automate's designer shows them: a header, fields with their values, and arrows between cards.

They are drawings, since no tenant can be photographed here. Light on a background of their own, so that they can be
read in dark mode too, and no wider than a phone.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

WIDTH: Final = 400
EDGE: Final = 14
PAD: Final = 14
LINE: Final = 19
FONT: Final = "'Segoe UI',system-ui,-apple-system,Roboto,Helvetica,Arial,sans-serif"
MONO: Final = "ui-monospace,'Cascadia Mono',Consolas,Menlo,monospace"
NARROW, BROAD = frozenset("ijlIt.,:;'|!()[]{}fr* "), frozenset("mwMW@")
INK, SOFT, RULE, BLUE, RED = "#242424", "#5c5c5c", "#c7c7c7", "#0f6cbd", "#b10e1c"


@dataclass(frozen=True)
class Pill:
    """A value that stems from an earlier step, or an expression."""

    said: str
    expression: bool = False


@dataclass(frozen=True)
class Box:
    """A field: its label as the product has it, what stands in it, and whether it is a list to choose from."""

    label: str
    value: str | Pill | tuple[str | Pill, ...] = ""
    required: bool = False
    choice: bool = False
    code: bool = False


@dataclass(frozen=True)
class Button:
    """Something to press; ``other`` stands beside it."""

    said: str
    other: str = ""


@dataclass(frozen=True)
class Section:
    """A line that parts the fields above from those below."""

    said: str


Part = Box | Button | Section


@dataclass(frozen=True)
class Card:
    """One step. Without parts it is closed; ``branch`` stands on the arrow that leads to it."""

    title: str
    colour: str
    sign: str
    parts: tuple[Part, ...] = ()
    branch: str = ""


@dataclass(frozen=True)
class Picture:
    """What is seen at one step of a guide; ``told`` says it in words, for those who cannot see it."""

    told: str
    cards: tuple[Card, ...]


def draw(picture: Picture) -> str:
    """The picture as SVG."""
    shapes: list[str] = []
    y = float(EDGE)
    for number, card in enumerate(picture.cards):
        if number:
            shapes += _arrow(y, card.branch)
            y += 34
        drawn, height = _card(card, y)
        shapes += drawn
        y += height
    whole = y + EDGE
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {whole:g}" width="{WIDTH}" '
            f'height="{whole:g}" role="img" font-family="{FONT}" font-size="14">',
            f"<title>{escape(picture.told)}</title>",
            f'<rect width="{WIDTH}" height="{whole:g}" rx="10" fill="#eef0f3"/>',
            *shapes,
            "</svg>\n",
        )
    )


def _card(card: Card, y: float) -> tuple[list[str], float]:
    shapes: list[str] = []
    below = y + 44
    for part in card.parts:
        drawn, height = _part(part, below)
        shapes += drawn
        below += height
    height = below - y + (8 if card.parts else 0)
    frame = [
        _rect(EDGE, y, WIDTH - 2 * EDGE, height, fill="#ffffff", stroke="#d6d6d6", rx=7),
        _rect(EDGE + 8, y + 8, 28, 28, fill=card.colour, rx=5),
        _text(EDGE + 22, y + 27, card.sign, fill="#ffffff", weight=700, anchor="middle"),
        _text(EDGE + 46, y + 27, card.title, weight=600),
    ]
    return [*frame, *shapes], height


def _part(part: Part, y: float) -> tuple[list[str], float]:
    match part:
        case Box():
            return _box(part, y)
        case Button(said, other):
            wide = 28 + _width(said)
            shapes = [
                _rect(EDGE + PAD, y + 6, wide, 32, fill=BLUE, rx=4),
                _text(EDGE + PAD + wide / 2, y + 27, said, fill="#ffffff", weight=600, anchor="middle"),
            ]
            return [*shapes, _text(EDGE + PAD + wide + 16, y + 27, other, fill=SOFT)] if other else shapes, 46
        case Section(said):
            rule = f'<path d="M{EDGE} {y + 4:g}H{WIDTH - EDGE}" stroke="#e0e0e0"/>'
            return [rule, _text(EDGE + PAD, y + 25, said, fill=SOFT, weight=600)], 34


def _box(box: Box, y: float) -> tuple[list[str], float]:
    x, wide = EDGE + PAD, WIDTH - 2 * (EDGE + PAD)
    top = y + (22 if box.label else 4)
    inside, lines = _inside(box, x + 9, top + 5)
    height = 12 + LINE * lines
    arrow = f'<path d="M{x + wide - 22} {top + 14:g}l5 5 5-5" fill="none" stroke="{SOFT}" stroke-width="1.5"/>'
    return [
        *([_text(x, y + 16, box.label, fill=SOFT, star=box.required)] if box.label else []),
        _rect(x, top, wide, height, fill="#ffffff", stroke=RULE, rx=4),
        *inside,
        *([arrow] if box.choice else []),
    ], top - y + height + 10


def _inside(box: Box, x: float, y: float) -> tuple[list[str], int]:
    """What stands in the box, wrapped; and how many lines that takes."""
    shapes: list[str] = []
    line, along = 0, 0.0
    room = WIDTH - 2 * (EDGE + PAD) - 18
    for value in box.value if isinstance(box.value, tuple) else (box.value,):
        for said, first in _pieces(value, room - along if isinstance(value, str) else room, room, code=box.code):
            wide = _width(said, code=box.code) if isinstance(value, str) else _width(said, size=13) + 16
            if not first or (along and along + wide > room):
                line, along = line + 1, 0.0
            at = y + LINE * line + 15
            if isinstance(value, Pill):
                fill, ink = ("#e3f1e3", "#0e5a0e") if value.expression else ("#e1ecf8", "#0b4f8a")
                shapes.append(_rect(x + along, at - 14, wide - 4, 18, fill=fill, rx=4))
                shapes.append(_text(x + along + 6, at, said, fill=ink, size=13, wide=wide - 16))
            else:
                look = (MONO, 12) if box.code else ("", 14)
                shapes.append(_text(x + along, at, said, font=look[0], size=look[1], wide=wide))
            along += wide
    return shapes, line + 1


def _pieces(value: str | Pill, left: float, room: float, *, code: bool) -> Iterator[tuple[str, bool]]:
    """The value in pieces that fit into a line each, and whether a piece goes on in the line begun."""
    if isinstance(value, Pill):
        mark = "fx\u00a0" if value.expression else ""
        parts = textwrap.wrap(mark + value.said, int((room - 16) / 6.5))
        yield from ((part, len(parts) == 1) for part in parts)
        return
    for number, row in enumerate(value.split("\n") or [""]):
        each = 7.3 if code else 7.0
        first = int(left / each) if number == 0 else int(room / each)
        wrapped = [row] if len(row) <= max(first, 1) else textwrap.wrap(row, int(room / each))
        yield from ((part, number == 0 and n == 0) for n, part in enumerate(wrapped or [""]))


def _width(said: str, *, code: bool = False, size: int = 14) -> float:
    """About how wide it is in common fonts; where it matters the text is set to exactly that."""
    if code:
        return len(said) * 7.2
    ems = (0.3 if each in NARROW else 0.82 if each in BROAD else 0.64 if each.isupper() else 0.54 for each in said)
    return size * sum(ems)


def _arrow(y: float, branch: str) -> Sequence[str]:
    middle = WIDTH / 2
    line = f'<path d="M{middle:g} {y:g}v28m-5-6 5 6 5-6" fill="none" stroke="#8a8a8a" stroke-width="1.5"/>'
    return [line, _text(middle + 12, y + 21, branch, fill=SOFT, weight=600)] if branch else [line]


def _rect(x: float, y: float, width: float, height: float, *, fill: str, stroke: str = "", rx: int = 0) -> str:
    edge = f' stroke="{stroke}"' if stroke else ""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{rx}" fill="{fill}"{edge}/>'


def _text(
    x: float,
    y: float,
    said: str,
    *,
    fill: str = INK,
    weight: int = 400,
    anchor: str = "start",
    font: str = "",
    size: int = 14,
    star: bool = False,
    wide: float = 0.0,
) -> str:
    look = f'x="{x:g}" y="{y:g}" fill="{fill}"'
    look += f' font-weight="{weight}"' if weight != 400 else ""
    look += f' text-anchor="{anchor}"' if anchor != "start" else ""
    look += f' font-family="{font}"' if font else ""
    look += f' font-size="{size}"' if size != 14 else ""
    look += f' textLength="{wide:g}" lengthAdjust="spacingAndGlyphs"' if wide and said.strip() else ""
    mark = f'<tspan fill="{RED}"> *</tspan>' if star else ""
    return f'<text {look} xml:space="preserve">{escape(said)}{mark}</text>'
