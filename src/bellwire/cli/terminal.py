"""Where the command line writes: results on standard output, everything else on standard error.

Rich is imported on first use, so that ``--json`` and ``--version`` answer at once. NO_COLOR is Rich's own rule.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sized
from datetime import datetime
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

PIPE_WIDTH: Final = 200


def console(*, error: bool = False, most: int | None = None) -> Console:
    """A console on standard output or standard error; wide enough for whole ids where no terminal sets the width.

    ``most`` limits the width, in characters, where long lines would be hard to read.
    """
    from rich.console import Console

    stream = sys.stderr if error else sys.stdout
    out = Console(stderr=error, highlight=False)
    if not stream.isatty() and "COLUMNS" not in os.environ:
        out.width = PIPE_WIDTH
    out.width = min(out.width, most or out.width)
    return out


def show(*parts: RenderableType) -> None:
    """A result for people, on standard output."""
    out = console()
    for part in parts:
        out.print(part)


def tell_of_the_limit(shown: Sized, limit: int) -> None:
    """Say so where a list may go on behind what is shown of it."""
    if len(shown) == limit:
        remark(f"These are {limit}; there may be more: --limit says how many to show.")


def show_json(document: Any) -> None:
    """A result for programs, on standard output: one JSON document; times in RFC 3339."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, default=_moment) + "\n")
    sys.stdout.flush()


def _moment(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is nothing that JSON can hold")


def show_what_can_be_shown() -> None:
    """Let a terminal that knows few characters show the others as '?', instead of ending the command."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def remark(text: str) -> None:
    """A plain line beside the result, on standard error."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def interactive() -> bool:
    """Whether a person sits in front of standard output."""
    return sys.stdout.isatty()
