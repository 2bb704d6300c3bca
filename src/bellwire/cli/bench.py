"""``bellwire bench``: measures Bellwire against its targets, and beside the SDKs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bellwire.cli.exits import Exit

if TYPE_CHECKING:
    from bellwire.bench.results import Findings
    from bellwire.bench.run import Plan
    from bellwire.bench.stage import Told


class Section(StrEnum):
    """What can be measured."""

    ALL = "all"
    THROUGHPUT = "throughput"
    PACED = "paced"
    URGENT = "urgent"
    QUEUE = "queue"
    ACCEPT = "accept"
    RELAY = "relay"
    TENANTS = "tenants"


def register(app: typer.Typer) -> None:
    """Hang ``bench`` onto the command line."""
    app.command("bench")(bench)


def bench(
    section: Annotated[Section, typer.Argument(metavar="SECTION", help="What to measure.")] = Section.ALL,
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes: minutes instead of most of an hour.")] = False,
    people: Annotated[int | None, typer.Option(help="People of the paced run.", min=50)] = None,
    no_sdks: Annotated[bool, typer.Option("--no-sdks", help="Leave out the SDKs, which need an installation.")] = False,
    postgres: Annotated[
        str | None, typer.Option(help="An empty PostgreSQL database, for the section about tenants.", metavar="URL")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the findings to FILE.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw pictures (SVG) into DIR.", metavar="DIR")] = None,
    docs: Annotated[
        Path | None, typer.Option(help="Write the page to FILE, its pictures to pictures/ beside it.", metavar="FILE")
    ] = None,
    environments: Annotated[Path, typer.Option(help="Where the SDKs' packages are kept.")] = Path(".bench"),
    scratch: Annotated[Path | None, typer.Option(help="Where the databases go, if not there.")] = None,
) -> Exit:
    """Measure what Bellwire does on this machine; needs no network once the SDKs' packages are there."""
    from bellwire.bench.run import SECTIONS, Plan
    from bellwire.bench.scale import FULL, QUICK

    scale = QUICK if quick else FULL
    plan = Plan(
        sections=SECTIONS if section is Section.ALL else (section.value,),
        scale=replace(scale, paced_people=people) if people else scale,
        environments=environments.absolute(),
        scratch=scratch or environments,
        sdks=not no_sdks,
        postgres=postgres,
    )
    findings = _run(plan, json_file)
    _show(findings)
    _publish(findings, plot, docs)
    return Exit.OK


def _run(plan: Plan, json_file: Path | None) -> Findings:
    from bellwire.bench.run import run
    from bellwire.cli.serving import run_async

    def keep(findings: Findings) -> None:
        if json_file is not None:
            json_file.write_text(json.dumps(findings, indent=2) + "\n", encoding="utf-8")

    with _progress() as told:
        findings: Findings = run_async(lambda: run(plan, told, keep))
    return findings


@contextmanager
def _progress() -> Iterator[Told]:
    """A bar on standard error that says what is being measured."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from bellwire.cli.terminal import console

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console(error=True), transient=True) as progress:
        bar = progress.add_task("", total=1.0)
        yield lambda what, share: progress.update(bar, description=what, completed=share)


def _show(findings: Findings) -> None:
    from bellwire.bench.tables import grids
    from bellwire.cli.terminal import show

    show(*(grid.drawn() for grid in grids(findings).values()))


def _publish(findings: Findings, plot: Path | None, docs: Path | None) -> None:
    from bellwire.bench.page import page
    from bellwire.bench.plots import draw

    if plot is not None:
        draw(findings, plot)
    if docs is not None:
        draw(findings, docs.parent / "pictures")
        docs.write_text(page(findings), encoding="utf-8")
