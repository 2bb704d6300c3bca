"""``bellwire people import``: what other bots left behind, told apart and taken in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bellwire.cli.exits import Exit
from bellwire.cli.options import DEFAULT_URL, AsJson, Key, Url, examples
from bellwire.cli.service import ask
from bellwire.cli.terminal import console, remark, show, show_json

if TYPE_CHECKING:
    from bellwire.cli.heap.record import Broken, Record
    from bellwire.cli.heap.tally import Tally
    from bellwire.client import AsyncClient

MOST_AT_ONCE: Final = 500
MOST_CHARACTERS: Final = 2_000_000


def register(group: typer.Typer) -> None:
    """Hang ``import`` onto ``people``."""
    group.command(
        "import",
        epilog=examples(
            "bellwire people import conversations.json",
            "bellwire people import conversations.json --apply --report report.csv",
        ),
    )(import_people)


def import_people(
    files: Annotated[list[Path], typer.Argument(metavar="FILES...", help="JSON and CSV files, or folders of them.")],
    apply: Annotated[bool, typer.Option("--apply", help="Keep it; without this, only say what would be kept.")] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Ask Teams at once for the chats that the entries do not tell.")
    ] = False,
    sender: Annotated[
        str | None, typer.Option(help="The sender whose they are, where they do not name their bot.")
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="The tenant of those that name none.", metavar="ID")] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write what became of each entry into this CSV file.", metavar="FILE")
    ] = None,
    url: Url = DEFAULT_URL,
    key: Key = "",
    as_json: AsJson = False,
) -> int:
    """Take in conversation references that other bots kept. A dry run, unless --apply is given."""
    from bellwire.cli.heap.files import files_in
    from bellwire.cli.heap.repairs import wait_for_repairs
    from bellwire.cli.heap.tally import Tally

    found = files_in(files)
    with ExitStack() as stack:
        rows = None if report is None else stack.enter_context(report.open("w", newline="", encoding="utf-8"))
        tally = Tally(dry_run=not apply, report=rows)

        async def told(client: AsyncClient) -> None:
            for batch in _batches(_read(found, tally)):
                as_of = min(record.file.stat().st_mtime for record in batch)
                await _tell(client, batch, tally, sender=sender, tenant=tenant, as_of=as_of, repair=repair)
            if apply:
                await wait_for_repairs(client, tally)

        ask(url, key, told)
    _tell_the_end(tally, as_json=as_json)
    return Exit.NOT_DONE if tally.total == _refused(tally) else Exit.OK


def _read(files: list[Path], tally: Tally) -> Iterator[Record | Broken]:
    """Every record of every file, with a progress bar where somebody looks on."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    from bellwire.cli.heap.files import records_in

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        console=console(error=True),
        transient=True,
    )
    done, sizes = 0, {file: file.stat().st_size for file in files}
    with bar:
        task = bar.add_task("Reading", total=sum(sizes.values()))
        for file in files:

            def advanced(read: int, before: int = done) -> None:
                bar.update(task, completed=before + read, description=f"{tally.total} entries")

            yield from records_in(file, advanced)
            done += sizes[file]
            bar.update(task, completed=done)


def _batches(found: Iterator[Record | Broken]) -> Iterator[list[Record | Broken]]:
    """As much as goes into one request."""
    import json

    batch: list[Record | Broken] = []
    length = 0
    for each in found:
        more = len(json.dumps(getattr(each, "fields", None)))
        if batch and (len(batch) == MOST_AT_ONCE or length + more > MOST_CHARACTERS):
            yield batch
            batch, length = [], 0
        batch.append(each)
        length += more
    if batch:
        yield batch


async def _tell(
    client: AsyncClient,
    batch: list[Record | Broken],
    tally: Tally,
    *,
    sender: str | None,
    tenant: str | None,
    as_of: float,
    repair: bool,
) -> None:
    from datetime import UTC, datetime

    from bellwire.cli.heap.record import Record

    fields = [each.fields for each in batch if isinstance(each, Record)]
    at = datetime.fromtimestamp(as_of, UTC)
    told = iter(
        await client.tell_references(
            fields, sender=sender, tenant_id=tenant, as_of=at, repair=repair, dry_run=tally.dry_run
        )
        if fields
        else ()
    )
    for each in batch:
        if isinstance(each, Record):
            tally.found(each, next(told))
        else:
            tally.broken(each)


def _refused(tally: Tally) -> int:
    from bellwire.model.finding import Verdict

    return tally.of(Verdict.REFUSED)


def _tell_the_end(tally: Tally, *, as_json: bool) -> None:
    from bellwire.model.finding import EXPLAINED, Verdict

    if as_json:
        show_json(
            {
                "dry_run": tally.dry_run,
                "entries": tally.total,
                "verdicts": {verdict.value: tally.of(verdict) for verdict in Verdict},
                "reasons": {why.value: count for why, count in tally.counts.most_common()},
                "refused": tally.examples,
                **({"repairs": dict(tally.repairs.most_common())} if tally.repairs else {}),
            }
        )
        return
    from bellwire.cli.tables import import_table

    show(import_table((*EXPLAINED[why], count) for why, count in tally.counts.most_common()))
    for row in tally.examples:
        place = f" ({row['field']})" if row["field"] else ""
        remark(f"{row['file']}:{row['line']}: {row['detail']}{place}")
    if _refused(tally) > len(tally.examples):
        remark("There are more; --report FILE lists them all.")
    if tally.repairs:
        from bellwire.cli.tables import repairs_table

        show(repairs_table(tally.repairs))
    if tally.dry_run and tally.asked:
        remark(f"Teams would be asked for the chats of {tally.asked} people.")
    if tally.dry_run:
        remark("This was a dry run: nothing was kept. Repeat it with --apply to keep it.")
