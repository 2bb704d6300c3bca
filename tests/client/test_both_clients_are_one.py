"""The client for ordinary code has every method of the one for asyncio, and hands on all that it is given."""

from __future__ import annotations

from collections.abc import Callable
from inspect import getmembers, isfunction, signature
from typing import Any

import pytest

from bellwire import AsyncClient, Client

METHODS = [name for name, _ in getmembers(AsyncClient, isfunction) if not name.startswith("_")]
PAGED = {"everyone"}
"""What goes through the pages by other methods."""


class Ear:
    """Hears what the client for asyncio is called with."""

    def __init__(self) -> None:
        self.heard: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def hear(*given: Any, **named: Any) -> None:
            self.heard = {**signature(getattr(AsyncClient, name)).bind(name, *given, **named).arguments}

        return hear


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_called_alike(name: str) -> None:
    theirs = str(signature(getattr(AsyncClient, name))).replace("AsyncIterator", "Iterator")
    assert str(signature(getattr(Client, name))) == theirs


@pytest.mark.parametrize("name", sorted(set(METHODS) - PAGED - {"close"}))
def test_a_method_hands_on_all_that_it_is_given(name: str) -> None:
    with Client("http://127.0.0.1:1", key="key") as client:
        real, ear = client._client, Ear()
        parameters = list(signature(getattr(client, name)).parameters.values())
        given = {each.name: f"the {each.name}" for each in parameters if each.kind is each.KEYWORD_ONLY}
        first = [f"the {each.name}" for each in parameters if each.kind is not each.KEYWORD_ONLY]
        client._client = ear  # type: ignore[assignment]  # stands in for it
        getattr(client, name)(*first, **given)
        client._client = real
    assert ear.heard == {"self": name, **{each.name: f"the {each.name}" for each in parameters}}
