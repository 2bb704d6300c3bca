"""The house keeps its measures: short files, short functions, plain names, no cycles."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median

import grimp
import pytest

SOURCE = Path(__file__).parents[2] / "src"
FILES = sorted(path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts)
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
WORDS_TO_AVOID = re.compile(r"(^|_)(utils?|helpers?|managers?|common|misc|handlers?|jobs?|tasks?|notifications?)($|_)")


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, FUNCTIONS):
            yield node


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body
    if len(body) > 1 and ast.get_docstring(function) is not None:
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_file_has_at_most_400_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_function_has_at_most_50_lines(path: Path) -> None:
    long = {function.name: body_lines(function) for function in functions(path) if body_lines(function) > 50}
    assert not long


def test_the_median_file_and_function_are_short() -> None:
    assert median(len(path.read_text().splitlines()) for path in FILES if path.stat().st_size) <= 160
    assert median(body_lines(function) for path in FILES for function in functions(path)) <= 8


def test_no_module_is_named_for_nothing() -> None:
    assert not [path for path in FILES if WORDS_TO_AVOID.search(path.stem)]


def test_no_function_or_class_is_named_for_nothing() -> None:
    named = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    names = [
        f"{path.relative_to(SOURCE)}: {node.name}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, named) and re.search(r"(?i)(util|helper|manager)", node.name)
    ]
    assert not names


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph("bellwire")
    order = TopologicalSorter({module: graph.find_modules_directly_imported_by(module) for module in graph.modules})
    try:
        order.prepare()
    except CycleError as error:
        pytest.fail(f"import cycle: {' -> '.join(error.args[1])}")
