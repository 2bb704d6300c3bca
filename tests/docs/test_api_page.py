"""docs/api.md has every call of the API with an example, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from bellwire.app import Bellwire
from bellwire.cli.demo.stage import GivenSettings
from bellwire.web.app import create_app

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### `([A-Z]+ [^`]+)`\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL))
METHODS = frozenset({"get", "post", "put", "delete", "patch"})


async def test_the_page_has_every_call_and_no_other(tmp_path: Path) -> None:
    settings = GivenSettings(database_url=f"sqlite+aiosqlite:///{tmp_path / 'docs.db'}")
    async with Bellwire.open(settings) as bellwire:
        paths = create_app(bellwire).openapi()["paths"]
    calls = {f"{method.upper()} {path}" for path, methods in paths.items() for method in METHODS & methods.keys()}
    assert set(SECTIONS) - {"POST /api/messages"} == calls


def test_every_call_has_an_example_that_calls_it() -> None:
    for call, section in SECTIONS.items():
        method, path = call.split()
        if path == "/api/messages":
            continue
        address = re.sub(r"\{\w+\}", r"$[A-Z_]+", path.replace("/", r"\/")).replace("$", r"\$")
        assert re.search(rf"curl [^`]*BELLWIRE_URL{address}[\"?]", section), call
        assert method == "GET" or f"-X {method}" in section or "-d '" in section, call
