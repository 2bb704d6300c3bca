"""Which version of Bellwire this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def release() -> str:
    """The version that is installed; ``source`` where the code runs without being installed."""
    try:
        return version("bellwire")
    except PackageNotFoundError:
        return "source"
