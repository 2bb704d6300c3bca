"""docs/reasons.md lists every reason and every error code, word for word as the code has them.

With BELLWIRE_UPDATE_DOCS=1 the page is written anew instead of compared.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from bellwire import errors
from bellwire.model.reason import EXPLANATIONS, Reason

PAGE = Path(__file__).parents[2] / "docs" / "reasons.md"


def test_every_reason_has_an_explanation() -> None:
    assert set(EXPLANATIONS) == set(Reason)


def test_the_page_lists_every_reason_with_fact_remedy_and_mover() -> None:
    rows = [f"| `{code}` | {fact} | {remedy} | {mover} |" for code, (fact, remedy, mover) in EXPLANATIONS.items()]
    _same("reasons", ["| reason | the fact | what to do | whose move |", "|---|---|---|---|", *rows])


def test_the_page_lists_every_error_code_with_status_and_remedy() -> None:
    kinds = sorted(_tree(errors.BellwireError), key=lambda kind: (kind.status, kind.code))
    rows = [f"| `{kind.code}` | {kind.status} | {kind.title} | {kind.remedy} |" for kind in kinds]
    _same("errors", ["| code | HTTP status | what it says | what to do |", "|---|---|---|---|", *rows])


def _tree(kind: type[errors.BellwireError]) -> list[type[errors.BellwireError]]:
    children = [child for child in kind.__subclasses__() if child.__module__ == errors.__name__]
    return [kind, *(leaf for child in children for leaf in _tree(child))]


def _same(block: str, lines: list[str]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"(<!-- {block}: [^>]*-->\n)(.*?)(<!-- end of {block} -->)", page, re.DOTALL)
    assert found, f"docs/reasons.md has no block {block!r}"
    wanted = "\n".join(lines) + "\n"
    if os.environ.get("BELLWIRE_UPDATE_DOCS") == "1":
        PAGE.write_text(page[: found.start(2)] + wanted + page[found.end(2) :], encoding="utf-8")
        return
    assert found.group(2) == wanted, "run this test once with BELLWIRE_UPDATE_DOCS=1 and look at what changed"
