"""A package that somebody changed by hand is refused with the place and with words."""

from __future__ import annotations

from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwire.teams.app_package.archive import pack, package_flaws
from bellwire.teams.app_package.icons import outline_icon
from bellwire.teams.app_package.manifest import manifest
from bellwire.teams.app_package.png import Pixel, encode
from bellwire.teams.app_package.rules import manifest_flaws
from tests.support.schemas import published
from tests.teams.app_package.apps import APP, APP_ID, app, files_of, zipped

OTHER = "99999999-9999-4999-8999-999999999999"
GONE = object()
GOOD = pack(APP)
FILES = files_of(GOOD)
BY_SCHEMA = [
    ("manifestVersion", GONE, "1.12"),
    ("version", "1.0.0" * 60, "three numbers"),
    ("id", "not-a-guid", "GUID"),
    ("id", GONE, "GUID"),
    ("name", GONE, "missing"),
    ("name.short", "x" * 31, "31 characters; 30"),
    ("name.full", "x" * 101, "100"),
    ("description.short", "x" * 81, "80"),
    ("description.full", GONE, "missing"),
    ("developer.name", "x" * 33, "32"),
    ("developer.privacyUrl", "contoso.example", "https://"),
    ("developer.termsOfUseUrl", GONE, "https://"),
    ("accentColor", "green", "#4f52b2"),
    ("icons.color", GONE, "missing"),
    ("bots.0.botId", "28:x", "Microsoft App ID"),
    ("bots.0.scopes", ["personal", "everywhere"], "groupChat"),
    ("webApplicationInfo.id", "x", "GUID"),
    ("authorization.permissions.resourceSpecific", [{"name": "A"}], "type"),
    ("authorization.permissions.resourceSpecific", [{"name": f"A{n}", "type": "Delegated"} for n in range(17)], "16"),
]
BEYOND_SCHEMA = [
    ("version", "1.0", "three numbers"),
    ("manifestVersion", "1.4", "1.12"),
    ("name.short", "  ", "empty"),
    ("bots", [], "exactly one bot"),
    ("bots.0.botId", OTHER, "another bot"),
    ("bots.0.scopes", ["team"], "'personal' is missing"),
    ("webApplicationInfo", GONE, "may not install"),
    ("webApplicationInfo.id", OTHER, "own app id"),
    ("webApplicationInfo.resource", GONE, "some value"),
]


def broken(path: str, value: Any) -> dict[str, Any]:
    """The manifest with one value changed or gone."""
    document: dict[str, Any] = orjson.loads(orjson.dumps(manifest(app(read_receipts=True))))
    *parts, last = path.split(".")
    place: Any = document
    for part in parts:
        place = place[int(part) if part.isdecimal() else part]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return document


def repacked(document: Any) -> bytes:
    return zipped({**FILES, "manifest.json": orjson.dumps(document)})


@pytest.mark.parametrize(("path", "value", "said"), BY_SCHEMA + BEYOND_SCHEMA)
def test_the_place_is_named_with_words(path: str, value: Any, said: str) -> None:
    flaws = package_flaws(repacked(broken(path, value)), APP_ID)
    assert any(path.replace(".0.", ".").startswith(flaw.place.rpartition(".")[0]) for flaw in flaws), flaws
    assert said in " ".join(flaw.said for flaw in flaws)


@pytest.mark.parametrize(("path", "value", "said"), BY_SCHEMA)
def test_the_published_schema_refuses_the_same(path: str, value: Any, said: str) -> None:
    schema = jsonschema.Draft4Validator(published("MicrosoftTeams-1.30.schema.json"))
    assert not schema.is_valid(broken(path, value))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
TOP = st.sampled_from(sorted(manifest(app(read_receipts=True))))


@given(st.one_of(JSON, st.dictionaries(TOP, JSON)))
def test_whatever_the_manifest_is_the_check_ends_in_words(document: Any) -> None:
    assert all(flaw.place and flaw.said for flaw in manifest_flaws(document, APP_ID))


RED = encode(32, 32, lambda x, y: Pixel(255, 0, 0, 255 if x == y else 0))
SOLID = encode(32, 32, lambda x, y: Pixel(255, 255, 255, 255))
EMPTY = encode(32, 32, lambda x, y: Pixel(255, 255, 255, 0))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("color.png", outline_icon(), "32x32 pixels; it must be 192x192"),
        ("color.png", b"GIF89a", "no PNG"),
        ("outline.png", RED, "white on transparent"),
        ("outline.png", SOLID, "white on transparent"),
        ("outline.png", EMPTY, "white on transparent"),
        ("outline.png", outline_icon()[:-40], "no PNG"),
        ("outline.png", outline_icon().replace(b"IDAT", b"IDAX"), "no PNG"),
        ("manifest.json", b"{'version': 1}", "not JSON: line 1"),
        ("manifest.json", b"[]", "no JSON object"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_named(name: str, content: bytes, said: str) -> None:
    (flaw, *_) = package_flaws(zipped({**FILES, name: content}))
    assert flaw.place == name
    assert said in flaw.said


def test_an_icon_that_the_package_does_not_hold_is_named() -> None:
    files = {name: content for name, content in FILES.items() if name != "outline.png"}
    (flaw,) = package_flaws(zipped(files))
    assert flaw.place == "icons.outline"
    assert "'outline.png'" in flaw.said


def test_a_zipped_folder_is_told_from_a_missing_manifest() -> None:
    (flaw,) = package_flaws(zipped({f"app/{name}": content for name, content in FILES.items()}))
    assert "not the folder" in flaw.said
    (flaw,) = package_flaws(zipped({"readme.txt": b""}))
    assert flaw.said == "It is missing."


@pytest.mark.parametrize("content", [b"", b"PK", GOOD[:200], b"\x1f\x8b" + bytes(100)])
def test_what_is_no_zip_is_said_to_be_none(content: bytes) -> None:
    (flaw,) = package_flaws(content)
    assert "no zip" in flaw.said


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_a_flipped_byte_never_breaks_the_check(place: int, change: int) -> None:
    content = bytearray(GOOD)
    content[place] ^= change
    package_flaws(bytes(content), APP_ID)
