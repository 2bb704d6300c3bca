"""docs/reasons.md lists every reason and every error code, word for word as the code has them.

With BELLWIRE_UPDATE_DOCS=1 the tables are written anew instead of compared.
"""

from __future__ import annotations

import ast
import os
import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import bellwire
from bellwire.errors import BellwireError
from bellwire.model.reason import EXPLANATIONS, Reason

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reasons.md"
SDKS = ("bellwire.embed.bot_framework", "bellwire.embed.m365_agents", "bellwire.embed.teams_sdk")
"""Modules that only an environment with their SDK can import; they have no errors of their own."""
ELSEWHERE = (
    *SDKS,
    "bellwire.bench",
    "bellwire.simulator",
    "bellwire.cli",
    "bellwire.store.migrations",
    "bellwire.__main__",
)


def test_every_reason_has_an_explanation() -> None:
    assert set(EXPLANATIONS) == set(Reason)


def test_the_page_lists_every_reason_with_fact_remedy_and_mover() -> None:
    rows = [f"| `{code}` | {fact} | {remedy} | {mover} |" for code, (fact, remedy, mover) in EXPLANATIONS.items()]
    _same("reasons", ["| reason | the fact | what to do | whose move |", "|---|---|---|---|", *rows])


def test_the_page_lists_every_error_code_with_status_and_remedy() -> None:
    for module in _modules():
        import_module(module)
    kinds = sorted(_tree(BellwireError), key=lambda kind: (kind.status, kind.code))
    rows = [f"| `{kind.code}` | {kind.status} | {kind.title} | {kind.remedy} |" for kind in kinds]
    _same("errors", ["| code | HTTP status | what it says | what to do |", "|---|---|---|---|", *rows])


def test_the_page_lists_every_finer_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert set(_finer_codes()) - listed == set()


def _modules() -> list[str]:
    found = (one.name for one in pkgutil.walk_packages(bellwire.__path__, "bellwire."))
    return [name for name in found if not name.startswith(ELSEWHERE)]


def _tree(kind: type[BellwireError]) -> list[type[BellwireError]]:
    children = [child for child in kind.__subclasses__() if child.__module__ in _modules()]
    return [kind, *(leaf for child in children for leaf in _tree(child))]


def _finer_codes() -> Iterator[str]:
    """Codes that are given to an error at the place where it is raised."""
    for module in _modules():
        path = ROOT / "src" / f"{module.replace('.', '/')}.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if path.exists() else ():
            if isinstance(node, ast.Call):
                given = [word.value for word in node.keywords if word.arg == "code"]
                if isinstance(node.func, ast.Name) and node.func.id == "_refuse":
                    given += node.args[:1]
                if isinstance(node.func, ast.Name) and node.func.id == "Check":  # its third field is its code
                    given += node.args[2:3]
                yield from (str(one.value) for one in given if isinstance(one, ast.Constant) and one.value)


def _same(block: str, lines: list[str]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"(<!-- {block}: [^>]*-->\n)(.*?)(<!-- end of {block} -->)", page, re.DOTALL)
    assert found, f"docs/reasons.md has no block {block!r}"
    wanted = "\n".join(lines) + "\n"
    if os.environ.get("BELLWIRE_UPDATE_DOCS") == "1":
        PAGE.write_text(page[: found.start(2)] + wanted + page[found.end(2) :], encoding="utf-8")
        return
    assert found.group(2) == wanted, "run this test once with BELLWIRE_UPDATE_DOCS=1 and look at what changed"
