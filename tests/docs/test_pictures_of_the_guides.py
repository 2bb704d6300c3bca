"""The guides' pictures are what the connector and the flow's file say. BELLWIRE_UPDATE_PICTURES=1 draws them anew."""

from __future__ import annotations

import os
import re
from pathlib import Path

import orjson
import pytest

from bellwire.flows.package.workflow import REQUEST_SCHEMA
from tests.pictures.designer import WIDTH, Box, Picture, draw
from tests.pictures.steps import ADVANCED, CHOICE, DEFINED, PICTURES, POSTING, POSTS, RESPONSE, SERVED

DOCS = Path(__file__).parents[2] / "docs"
GUIDES = ("row-added.md", "connector.md", "flow-package.md")
PAGES = "\n".join((DOCS / name).read_text(encoding="utf-8") for name in GUIDES)


@pytest.mark.parametrize(("name", "picture"), PICTURES.items(), ids=PICTURES)
def test_a_picture_is_what_is_drawn_today(name: str, picture: Picture) -> None:
    path = DOCS / "pictures" / f"{name}.svg"
    if os.environ.get("BELLWIRE_UPDATE_PICTURES") == "1":
        path.write_text(draw(picture), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == draw(picture), "draw it anew with BELLWIRE_UPDATE_PICTURES=1"


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_stands_in_a_guide_with_words_for_who_cannot_see_it(name: str) -> None:
    (told,) = re.findall(rf"!\[([^\]]+)\]\(pictures/{name}\.svg\)", PAGES)
    assert told == PICTURES[name].told


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_runs_out_of_a_picture(name: str) -> None:
    drawn = draw(PICTURES[name])
    for x, look, said in re.findall(r'<text x="([\d.]+)"([^>]*)>([^<]*)<', drawn):
        found = re.search(r'textLength="([\d.]+)"', look)
        wide = float(found[1]) if found else len(said) * 7.4
        assert float(x) + (wide / 2 if "middle" in look else wide) <= WIDTH, said


def test_the_pages_call_everything_what_the_product_calls_it() -> None:
    named = [CHOICE, RESPONSE, *POSTS.values(), *POSTING.values()]
    assert [name for name in named if name not in PAGES] == []
    every = [each for methods in SERVED["paths"].values() for each in methods.values() if "operationId" in each]
    summaries = [each["summary"] for each in every if each["x-ms-visibility"] != "internal"]
    assert [name for name in summaries if name not in PAGES] == []


def test_who_builds_the_flow_by_hand_builds_the_same() -> None:
    page = (DOCS / "flow-package.md").read_text(encoding="utf-8")
    (schema,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert orjson.loads(schema) == REQUEST_SCHEMA
    body = DEFINED["actions"]["Response"]["inputs"]["body"]
    assert [each for each in body.values() if each.removeprefix("@") not in page] == []
    advanced = [each.label for each in ADVANCED if isinstance(each, Box)]
    assert [name for name in advanced[:1] if name not in page] == []


def test_they_are_said_to_be_drawings() -> None:
    assert all("drawing" in (DOCS / name).read_text(encoding="utf-8") for name in GUIDES)
