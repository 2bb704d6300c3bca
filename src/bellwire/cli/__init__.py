"""The command line. ``main`` is the entry point; the commands are listed in ``commands``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bellwire.cli.exits import Exit


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (``exits.Exit``). Never shows a traceback to a user."""
    from bellwire.cli.run import run

    return run(list(sys.argv[1:] if arguments is None else arguments))


__all__ = ["Exit", "main"]
