"""Proactive Microsoft Teams messages to one person, in that person's own Teams chat with the bot.

``Client`` and ``AsyncClient`` talk to a running service; ``errors`` holds every error that they raise.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bellwire import errors
    from bellwire.client import AsyncClient, Client
    from bellwire.errors import BellwireError

__all__ = ["AsyncClient", "BellwireError", "Client", "errors"]

_HOMES = {"AsyncClient": "bellwire.client", "Client": "bellwire.client", "BellwireError": "bellwire.errors"}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that ``import bellwire`` costs next to nothing."""
    if name == "errors":
        return import_module("bellwire.errors")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'bellwire' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
