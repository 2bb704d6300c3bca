"""What to say, as ``send`` and ``deliveries change`` are told it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from bellwire.errors import InvalidInput

Words = Annotated[
    str | None, typer.Option("--text", help="What to say, in Markdown; without it and --card, standard input is read.")
]
CardFile = Annotated[
    Path | None, typer.Option("--card", help="A file with an Adaptive Card; '-' is standard input.", metavar="FILE")
]
Summary = Annotated[str | None, typer.Option("--summary", help="What the toast shows; needed with --card.")]


def read_content(text: str | None, card: Path | None) -> dict[str, Any]:
    """The text or the card of the options, read from where they say; without any, from standard input.

    Raises:
        InvalidInput: there is nothing to say, or the file holds no card.
    """
    if card is not None:
        return {"text": text, "card": _card(card)}
    if text is None or text == "-":
        text = _input().rstrip("\n")
    return {"text": text}


def _card(path: Path) -> dict[str, Any]:
    try:
        content = _input() if str(path) == "-" else path.read_text(encoding="utf-8")
        card = json.loads(content)
    except (OSError, ValueError) as error:
        problem = error.strerror if isinstance(error, OSError) and error.strerror else "It is not JSON in UTF-8"
        raise InvalidInput(f"{problem}.", field="--card", remedy="Name a file that holds one Adaptive Card.") from error
    if not isinstance(card, dict):
        raise InvalidInput("It is no JSON object.", field="--card", remedy="Name a file that holds one Adaptive Card.")
    return card


def _input() -> str:
    if sys.stdin.isatty():
        raise InvalidInput("There is nothing to say.", field="--text", remedy="Use --text, --card or standard input.")
    return sys.stdin.read()
