"""How Bellwire is opened for a bot."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

from bellwire.config import Settings, load_settings
from bellwire.embed.engine import Engine
from bellwire.embed.home import Home

Opening = Callable[[], AbstractAsyncContextManager[Home]]
"""Opens Bellwire, for as long as the block runs."""


def opening(at: Settings | None) -> Opening:
    """How Bellwire is opened: as ``at`` says, or else as the environment does.

    Raises:
        ConfigError: a setting is missing or wrong.
    """
    return partial(Engine.open, at or load_settings())
