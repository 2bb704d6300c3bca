"""``bellwire books``: what became of everything that was ever accepted."""

from __future__ import annotations

from typing import Annotated

import typer

from bellwire.cli.exits import Exit
from bellwire.cli.options import DEFAULT_URL, AsJson, Key, Url
from bellwire.cli.service import ask, plain
from bellwire.cli.terminal import show, show_json


def register(app: typer.Typer) -> None:
    """Hang ``books`` onto the command line."""
    app.command("books")(books)


def books(
    audit: Annotated[bool, typer.Option("--audit", help="Count anew from the rows, and compare.")] = False,
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> Exit:
    """Show the books: accepted = sent + undeliverable + unknown + cancelled + expired + open.

    Ends with 1 if they do not balance.
    """
    found = ask(url, key, lambda client: client.books(audit=audit))
    if as_json:
        show_json(plain(found))
    else:
        from bellwire.cli.tables import books_identity, books_table

        show(books_table(found), books_identity(found))
    return Exit.OK if found.balanced else Exit.NOT_DONE
