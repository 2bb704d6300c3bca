"""Decides where Bellwire runs for a bot: in a service that runs already, or in the bot's own process."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial

from bellwire.config import Settings, load_settings
from bellwire.embed.engine import Engine
from bellwire.embed.home import Home
from bellwire.embed.remote import Remote


@dataclass(frozen=True, slots=True)
class Service:
    """A Bellwire that runs as a service: its address, and an API key of it."""

    url: str
    key: str = field(repr=False)


Opening = Callable[[], AbstractAsyncContextManager[Home]]
"""Opens Bellwire, for as long as the block runs."""


def opening(at: Settings | Service | None = None) -> Opening:
    """How Bellwire is opened: as ``at`` says, or else as the environment does.

    Raises:
        ConfigError: a setting is missing or wrong.
    """
    if at is None and (url := os.environ.get("BELLWIRE_URL")):
        at = Service(url, os.environ.get("BELLWIRE_API_KEY", ""))
    if isinstance(at, Service):
        return partial(Remote.open, at.url, at.key)
    return partial(Engine.open, at or load_settings())
