"""The zip itself: packed from a description, and looked through when it comes from elsewhere."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

import orjson

from bellwire.teams.app_package.icons import COLOUR_SIDE, OUTLINE_SIDE, colour_icon, outline_icon
from bellwire.teams.app_package.manifest import COLOUR_FILE, OUTLINE_FILE, TeamsApp, manifest
from bellwire.teams.app_package.png import NotPng, Png, decode
from bellwire.teams.app_package.rules import Flaw, at, manifest_flaws

MANIFEST_FILE: Final = "manifest.json"
LARGEST_FILE: Final = 4 << 20
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)


def pack(app: TeamsApp, *, colour: bytes | None = None, outline: bytes | None = None) -> bytes:
    """The package; the icons are drawn where none are given. The same description gives the same bytes."""
    files = {
        MANIFEST_FILE: orjson.dumps(manifest(app), option=orjson.OPT_INDENT_2),
        COLOUR_FILE: colour_icon(app.accent) if colour is None else colour,
        OUTLINE_FILE: outline_icon() if outline is None else outline,
    }
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(_entry(name), content)
    return packed.getvalue()


def package_flaws(content: bytes, app_id: str | None = None) -> list[Flaw]:
    """Everything that keeps this package from working; with ``app_id`` also whether it is this bot's."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            return list(_flaws(archive, app_id))
    except (BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, zlib.error):
        return [Flaw("package", "It is no zip file that can be read.")]


def manifest_of(content: bytes) -> dict[str, Any]:
    """The manifest of a package without flaws."""
    with ZipFile(BytesIO(content)) as archive:
        found: dict[str, Any] = orjson.loads(archive.read(MANIFEST_FILE))
    return found


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, _LONG_AGO)
    entry.compress_type = ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def _flaws(archive: ZipFile, app_id: str | None) -> Iterator[Flaw]:
    names = archive.namelist()
    if MANIFEST_FILE not in names:
        deeper = any(name.endswith(f"/{MANIFEST_FILE}") for name in names)
        said = "It lies in a folder: zip the files, not the folder around them." if deeper else "It is missing."
        yield Flaw(MANIFEST_FILE, said)
        return
    try:
        found = orjson.loads(_read(archive, MANIFEST_FILE).removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        yield Flaw(MANIFEST_FILE, f"It is not JSON: line {error.lineno}, column {error.colno}.")
        return
    yield from manifest_flaws(found, app_id)
    yield from _icon_flaws(archive, found, "icons.color", COLOUR_SIDE)
    yield from _icon_flaws(archive, found, "icons.outline", OUTLINE_SIDE)


def _read(archive: ZipFile, name: str) -> bytes:
    """A file of the package, cut where no honest one is so long."""
    with archive.open(name) as file:
        return file.read(LARGEST_FILE)


def _icon_flaws(archive: ZipFile, found: Any, path: str, side: int) -> Iterator[Flaw]:
    name = at(found, path)
    if not isinstance(name, str):
        yield Flaw(path, "It is missing.")
    elif name not in archive.namelist():
        yield Flaw(path, f"The package holds no file {name!r}.")
    else:
        yield from icon_flaws(_read(archive, name), name, side, outline=path == "icons.outline")


def icon_flaws(content: bytes, name: str, side: int, *, outline: bool) -> Iterator[Flaw]:
    """What is wrong with a picture as an icon."""
    try:
        picture = decode(content)
    except NotPng as error:
        yield Flaw(name, f"It is no PNG. {error}")
        return
    if (picture.width, picture.height) != (side, side):
        yield Flaw(name, f"It is {picture.width}x{picture.height} pixels; it must be {side}x{side}.")
    elif outline and not _white_on_transparent(picture):
        yield Flaw(name, "It must be white on transparent, without any other colour.")


def _white_on_transparent(picture: Png) -> bool:
    if picture.pixels is None:
        return True
    seen = [pixel for pixel in picture.pixels if pixel.alpha]
    return 0 < len(seen) < len(picture.pixels) and all(pixel[:3] == (255, 255, 255) for pixel in seen)
