"""``bellwire people check``: which people of a list can be reached, and what is in the way of the others."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bellwire.cli.exits import Exit
from bellwire.cli.options import DEFAULT_URL, AsJson, Key, Url
from bellwire.cli.service import ask, plain
from bellwire.cli.terminal import console, remark, show, show_json
from bellwire.errors import InvalidInput

if TYPE_CHECKING:
    from bellwire.client import AsyncClient, Checked

COLUMNS: Final = ("aad_object_id", "upn", "email")
AT_ONCE: Final = 1_000
MOST_SHOWN: Final = 50


def check(
    file: Annotated[Path, typer.Option("--csv", help="A CSV file with a column aad_object_id, upn or email.")],
    sender: Annotated[str | None, typer.Option(help="Only as this sender.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Their tenant; the sender's own if left out.")] = None,
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> None:
    """Say which people of a list can be reached, and what is in the way of the others. Nothing is sent."""
    to = names(file)
    found = ask(url, key, lambda client: _checked(client, to, sender, tenant))
    if as_json:
        show_json(plain(found))
    else:
        from bellwire.cli.tables import check_table, unreached_table

        show(check_table(Counter((each.reachable, each.way or each.reason, each.whose_move) for each in found)))
        if others := [each for each in found if not each.reachable]:
            show(unreached_table(others[:MOST_SHOWN]))
        if len(others) > MOST_SHOWN:
            remark(f"{len(others) - MOST_SHOWN:,} more cannot be reached: --json names everybody.")
    if not all(each.reachable for each in found):
        raise typer.Exit(Exit.NOT_DONE)


def names(file: Path) -> list[str]:
    """Everybody in the file, each by the first of their names that is given.

    Raises:
        InvalidInput: the file cannot be read, or does not say who is meant.
    """
    try:
        rows = csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8-sig"), newline=""))
        columns = [column for column in COLUMNS if column in (rows.fieldnames or ())]
        given = [[(row[column] or "").strip() for column in columns] for row in rows]
    except (UnicodeDecodeError, csv.Error):
        raise InvalidInput("The file is no CSV in UTF-8.", field="--csv", remedy="Save it as CSV in UTF-8.") from None
    if not columns or not given:
        raise InvalidInput(
            "The file names nobody.", field="--csv", remedy=f"Give it a header with a column {', '.join(COLUMNS)}."
        )
    for line, row in enumerate(given, start=2):
        if not any(row):
            raise InvalidInput(f"Row {line} names nobody.", field="--csv", remedy="Fill the row, or remove it.")
    return [next(filter(None, row)) for row in given]


async def _checked(client: AsyncClient, to: list[str], sender: str | None, tenant: str | None) -> list[Checked]:
    from rich.progress import Progress

    found: list[Checked] = []
    out = console(error=True)
    with Progress(console=out, transient=True, disable=not out.is_terminal) as progress:
        bar = progress.add_task("Checking", total=len(to))
        for start in range(0, len(to), AT_ONCE):
            found += await client.check(to[start : start + AT_ONCE], sender=sender, tenant_id=tenant)
            progress.update(bar, completed=len(found))
    return found
