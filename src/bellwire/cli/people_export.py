"""``bellwire people export``: everything that is known of everybody's Teams chat, in a form that loses nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from bellwire.cli.options import DEFAULT_URL, Key, Url, examples
from bellwire.cli.service import ask
from bellwire.cli.terminal import remark

if TYPE_CHECKING:
    from bellwire.client import AsyncClient


class Form(StrEnum):
    """What is written."""

    JSON = "json"
    CSV = "csv"


def register(group: typer.Typer) -> None:
    """Hang ``export`` onto ``people``."""
    group.command("export", epilog=examples("bellwire people export people.csv"))(export_people)


def export_people(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Where to; else standard output.")] = None,
    form: Annotated[Form | None, typer.Option("--format", help="As the file's name ends, or else JSON.")] = None,
    sender: Annotated[str | None, typer.Option(help="Only what this sender knows.")] = None,
    url: Url = DEFAULT_URL,
    key: Key = "",
) -> None:
    """Write out all references. 'bellwire people import' takes them in again as they were."""
    as_csv = form is Form.CSV or (form is None and file is not None and file.suffix.lower() == ".csv")
    part = file and file.with_name(f"{file.name}.part")  # what an earlier export wrote stays until this one is whole
    with ExitStack() as stack:
        out = sys.stdout if part is None else stack.enter_context(part.open("w", newline="", encoding="utf-8"))

        async def written(client: AsyncClient) -> int:
            rows = _all(client, sender)
            return await (_as_csv(rows, out) if as_csv else _as_json(rows, out))

        count = ask(url, key, written)
    if file is not None and part is not None:
        part.replace(file)
        remark(f"{count} references were written to {file}.")


async def _all(client: AsyncClient, sender: str | None) -> AsyncIterator[Mapping[str, Any]]:
    after: str | None = None
    while True:
        page = await client.references(sender=sender, limit=500, after=after)
        for row in page:
            yield row
        if (after := page.next) is None:
            return


async def _as_json(rows: AsyncIterator[Mapping[str, Any]], out: IO[str]) -> int:
    """A list with one reference in each line."""
    count = 0
    async for row in rows:
        said = {name: value for name, value in row.items() if value is not None}
        out.write(("[\n" if count == 0 else ",\n") + json.dumps(said, ensure_ascii=False))
        count += 1
    out.write("[]\n" if count == 0 else "\n]\n")
    return count


async def _as_csv(rows: AsyncIterator[Mapping[str, Any]], out: IO[str]) -> int:
    import csv

    from bellwire.service.exported import COLUMNS

    table = csv.writer(out)
    table.writerow(COLUMNS)
    count = 0
    async for row in rows:
        cells = ({**row, "older": json.dumps(row["older"]) if row.get("older") else None}.get(c) for c in COLUMNS)
        table.writerow(cells)
        count += 1
    return count
