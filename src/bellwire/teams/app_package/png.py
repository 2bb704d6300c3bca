"""PNG, as far as icons need it: write one, and look at the pixels of one that somebody else made.

Of a picture that is interlaced, or has other than 8 bits a channel, the pixels stay unread.
The format: https://www.w3.org/TR/png-3/
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
LARGEST_SIDE: Final = 1024
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


class Pixel(NamedTuple):
    """A colour and how much of it is there, each from 0 to 255."""

    red: int
    green: int
    blue: int
    alpha: int


class NotPng(Exception):
    """The bytes are no PNG that can be read."""


@dataclass(frozen=True, slots=True)
class Png:
    """A picture's size, and its pixels row by row; ``pixels`` is None where they cannot be read here."""

    width: int
    height: int
    pixels: tuple[Pixel, ...] | None = field(repr=False)


def encode(width: int, height: int, colour: Callable[[int, int], Pixel]) -> bytes:
    """A picture with the colour that ``colour(x, y)`` gives for each pixel."""
    rows = (b"\0" + bytes(channel for x in range(width) for channel in colour(x, y)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    body = zlib.compress(b"".join(rows), 9)
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def decode(content: bytes) -> Png:
    """What the picture shows.

    Raises:
        NotPng: it is none, or it is damaged.
    """
    chunks = list(_chunks(content))
    if not chunks or chunks[0][0] != b"IHDR" or len(chunks[0][1]) != 13:
        raise NotPng("It does not begin as a PNG does.")
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if not 0 < width <= LARGEST_SIDE or not 0 < height <= LARGEST_SIDE:
        return Png(width, height, None)
    if depth != 8 or interlaced or kind not in _CHANNELS:
        return Png(width, height, None)
    channels = _CHANNELS[kind]
    lines = _lines(_inflated(chunks, height * (width * channels + 1)), width * channels, height, channels)
    palette = _palette(chunks) if kind == 3 else []
    return Png(width, height, tuple(_pixels(b"".join(lines), kind, palette)))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not content.startswith(SIGNATURE):
        raise NotPng("It does not begin as a PNG does.")
    place = len(SIGNATURE)
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        kind, body = content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        if content[place + 8 + length : place + 12 + length] != struct.pack(">I", zlib.crc32(kind + body)):
            raise NotPng("It is damaged.")
        yield kind, body
        place += 12 + length


def _inflated(chunks: list[tuple[bytes, bytes]], size: int) -> bytes:
    try:
        raw = zlib.decompressobj().decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"), size)
    except zlib.error:
        raise NotPng("It is damaged.") from None
    if len(raw) != size:
        raise NotPng("It breaks off.")
    return raw


def _lines(raw: bytes, length: int, height: int, step: int) -> Iterator[bytes]:
    """The rows without their filters (PNG specification, clause 9)."""
    above = bytearray(length)
    for row in range(height):
        start = row * (length + 1)
        line = bytearray(raw[start + 1 : start + 1 + length])
        _unfilter(raw[start], line, above, step)
        above = line
        yield bytes(line)


def _unfilter(kind: int, line: bytearray, above: bytearray, step: int) -> None:
    for place in range(len(line)):
        left = line[place - step] if place >= step else 0
        corner = above[place - step] if place >= step else 0
        line[place] = (line[place] + _predicted(kind, left, above[place], corner)) & 255


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    if kind == 4:
        guess = left + up - corner
        return min((left, up, corner), key=lambda near: abs(guess - near))
    simple = (0, left, up, (left + up) // 2)
    if kind >= len(simple):
        raise NotPng("It is damaged.")
    return simple[kind]


def _palette(chunks: list[tuple[bytes, bytes]]) -> list[Pixel]:
    colours = b"".join(body for kind, body in chunks if kind == b"PLTE")
    alphas = b"".join(body for kind, body in chunks if kind == b"tRNS").ljust(len(colours) // 3, b"\xff")
    parts = zip(colours[::3], colours[1::3], colours[2::3], alphas, strict=False)
    return [Pixel(*part) for part in parts]


def _pixels(raw: bytes, kind: int, palette: list[Pixel]) -> Iterator[Pixel]:
    step = _CHANNELS[kind]
    for place in range(0, len(raw), step):
        some = raw[place : place + step]
        if kind == 3 and some[0] >= len(palette):
            raise NotPng("It is damaged.")
        yield _pixel(some, kind, palette)


def _pixel(some: bytes, kind: int, palette: list[Pixel]) -> Pixel:
    if kind == 3:
        return palette[some[0]]
    alpha = some[-1] if kind in (4, 6) else 255
    grey = kind in (0, 4)
    return Pixel(some[0], some[0 if grey else 1], some[0 if grey else 2], alpha)
