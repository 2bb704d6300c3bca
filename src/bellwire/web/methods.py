"""Which methods an address takes: the framework names only those of the first route that fits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from fastapi import FastAPI
from starlette.routing import compile_path

METHODS: Final = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})


def allowed_methods(app: FastAPI, path: str, first: str | None) -> list[str]:
    """All methods that ``app`` describes for ``path``, and those in ``first``, the framework's own Allow header."""
    named = {method.strip() for method in (first or "").split(",") if method.strip()}
    described = (methods for template, methods in _described(app) if compile_path(template)[0].match(path))
    return sorted(named.union(*described))


def _described(app: FastAPI) -> list[tuple[str, frozenset[str]]]:
    return [(template, _methods(item)) for template, item in app.openapi()["paths"].items()]


def _methods(item: Iterable[str]) -> frozenset[str]:
    return frozenset(name.upper() for name in item if name in METHODS)
