"""Hands the wired service to the operations of the API."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from bellwire.app import Bellwire


async def _service(request: Request) -> Bellwire:
    bellwire = request.app.state.bellwire
    assert isinstance(bellwire, Bellwire)
    return bellwire


Service = Annotated[Bellwire, Depends(_service)]
