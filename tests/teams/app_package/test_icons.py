"""The icons are pictures that others can read, of the sizes and colours that Teams asks for."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any, cast

import pytest
from PIL import Image

from bellwire.teams.app_package.icons import colour_icon, outline_icon
from bellwire.teams.app_package.png import Pixel, decode, encode


def opened(content: bytes) -> Image.Image:
    """As somebody else's program reads it."""
    image = Image.open(BytesIO(content))
    image.load()
    return image.convert("RGBA")


def pixels(image: Image.Image) -> tuple[Pixel, ...]:
    return tuple(Pixel(*colour) for colour in cast(Any, image.get_flattened_data()))


def saved(image: Image.Image, **options: Any) -> bytes:
    content = BytesIO()
    image.save(content, "PNG", **options)
    return content.getvalue()


def test_the_colour_icon_is_a_bell_on_the_accent_colour() -> None:
    image = opened(colour_icon("#0a7d4c"))
    assert image.size == (192, 192)
    assert image.getpixel((0, 0)) == (0x0A, 0x7D, 0x4C, 255)
    assert image.getpixel((96, 96)) == (255, 255, 255, 255)
    outside = image.crop((0, 0, 192, 48))
    assert outside.getcolors() == [(192 * 48, (0x0A, 0x7D, 0x4C, 255))]


def test_the_outline_is_white_on_transparent_and_reaches_the_edges() -> None:
    image = opened(outline_icon())
    assert image.size == (32, 32)
    assert {pixel[:3] for pixel in pixels(image)} == {(255, 255, 255)}
    left, top, right, bottom = image.getchannel("A").getbbox() or (9, 9, 9, 9)
    assert (top, bottom) == (0, 32)
    assert left <= 3
    assert right >= 29


FORMS: list[Callable[[Image.Image], bytes]] = [
    saved,
    lambda image: saved(image.convert("LA")),
    lambda image: saved(image.convert("L")),
    lambda image: saved(image.convert("RGB")),
    lambda image: saved(image.quantize(200)),
    lambda image: saved(image, optimize=True),
]


@pytest.mark.parametrize("form", FORMS)
def test_pictures_of_other_programs_are_read_as_they_read_them(form: Callable[[Image.Image], bytes]) -> None:
    content = form(opened(encode(33, 17, lambda x, y: Pixel(x * 7, y * 15, (x * y) % 256, 255 - x * 3))))
    read = decode(content)
    assert (read.width, read.height) == (33, 17)
    assert read.pixels == pixels(opened(content))


@pytest.mark.parametrize("mode", ["1", "I;16"])
def test_of_other_depths_only_the_size_is_known(mode: str) -> None:
    read = decode(saved(Image.new(mode, (32, 32))))
    assert (read.width, read.height, read.pixels) == (32, 32, None)
