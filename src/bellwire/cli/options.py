"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer


def examples(*commands: str) -> str:
    """The end of a command's help: each command on a line of its own."""
    return "\n\n".join(("Examples:", *commands))


DEFAULT_URL = "http://127.0.0.1:3978"

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]
Url = Annotated[str, typer.Option("--url", envvar="BELLWIRE_URL", help="Where the service runs.", metavar="URL")]
Key = Annotated[
    str,
    typer.Option(
        "--key",
        envvar="BELLWIRE_API_KEY",
        help="The caller's API key; better in the environment than on the command line.",
        metavar="KEY",
        show_default=False,
        show_envvar=True,
    ),
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many at most.")]
