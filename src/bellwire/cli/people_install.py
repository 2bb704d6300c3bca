"""``bellwire people install``: the app for a list of people, or for everybody in an Entra group."""

from __future__ import annotations

import csv
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bellwire.cli.exits import Exit
from bellwire.cli.options import AsJson, examples
from bellwire.cli.terminal import console, remark, show, show_json
from bellwire.errors import InvalidInput, Unreachable
from bellwire.model.directory import DirectoryUser, Refused, obstacle, only
from bellwire.model.reason import EXPLANATIONS, Reason
from bellwire.model.recipient import Recipient, RecipientKind

if TYPE_CHECKING:
    from bellwire.cli.install_book import InstallBook
    from bellwire.service.installing import InstallResult
    from bellwire.teams.graph.people import GraphPeople


def register(group: typer.Typer) -> None:
    """Hang ``install`` onto ``people``."""
    group.command(
        "install",
        epilog=examples(
            "bellwire people install people.csv", "bellwire people install --group 7c9e6679-7425-40de-944b-e07fc1f90ae7"
        ),
    )(install)


def install(
    people: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="CSV; its first column has object ids or addresses.")
    ] = None,
    group: Annotated[str | None, typer.Option(metavar="ID", help="Or an Entra group: all in it, however deep.")] = None,
    book: Annotated[Path, typer.Option(help="The book; run again with the same one to go on.")] = Path("installs.csv"),
    sender: Annotated[str | None, typer.Option(help="Whose app; the default sender's if left out.")] = None,
    tenant: Annotated[str | None, typer.Option(help="The people's tenant; the sender's own if left out.")] = None,
    as_json: AsJson = False,
) -> Exit:
    """Install the app for many people at Microsoft Graph's pace. May be stopped at any time and run again."""
    from bellwire.cli.install_book import InstallBook
    from bellwire.cli.serving import run_async

    if (people is None) == (group is None):
        raise InvalidInput("Name a file or a group.", field="FILE", remedy="Give one of FILE and --group.")
    kept = InstallBook(book)
    try:
        listed = run_async(lambda: _install(people, group, kept, sender, tenant))
    finally:
        kept.close()
    return _tell(kept, listed, book, as_json=as_json)


async def _install(
    people: Path | None, group: str | None, book: InstallBook, sender: str | None, tenant: str | None
) -> int:
    from bellwire.app import cloud_of, registration_of, utc_now
    from bellwire.cli.registration import chosen_sender
    from bellwire.config import load_settings
    from bellwire.net import open_session
    from bellwire.service.installing import MassInstall
    from bellwire.teams.graph.apps import GraphApps
    from bellwire.teams.graph.people import GraphPeople
    from bellwire.teams.graph.tokens import GraphTokens
    from bellwire.teams.graph.wire import GraphWire

    settings = load_settings()
    name, bot = chosen_sender(settings, sender)
    cloud, home = cloud_of(settings.cloud), tenant or bot.tenant_id
    if cloud.graph_url is None or home is None:
        raise InvalidInput("Graph or the tenant is not known.", field="--tenant", remedy="Name the people's tenant.")
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(open_session(timeout=settings.worker.request_timeout))
        tokens = GraphTokens(registration_of(name, bot), cloud, session, clock=utc_now)
        stack.push_async_callback(tokens.close)
        wire = GraphWire(session, cloud.graph_url, tokens, clock=utc_now)
        directory = GraphPeople(wire)
        ids = await (_of_file(directory, home, people, book) if people else _of_group(directory, home, group, book))
        still = [each for each in ids if book.is_open(each)]
        with _Progress(len(ids), len(ids) - len(still), book) as progress:
            run = MassInstall(
                GraphApps(wire, bot.catalogue_id), home, progress.told, per_second=settings.pace.installs_per_second
            )
            await run.run(still)
        return len(ids)


async def _of_file(directory: GraphPeople, tenant_id: str, file: Path, book: InstallBook) -> list[str]:
    """Everybody in the file once, by object id; whoever has none is in the book with the reason, by the name given."""
    names = dict.fromkeys(_first_column(file))
    wanted = [Recipient(RecipientKind.EMAIL, name) for name in names if "@" in name and name not in book.states]
    meant = dict(zip(wanted, await directory.find(tenant_id, wanted), strict=True))
    found: dict[str, None] = dict.fromkeys(name for name in names if name in book.states)
    for name in names:
        answer = meant.get(Recipient(RecipientKind.EMAIL, name))
        user = name.lower() if answer is None else answer.reason if isinstance(answer, Refused) else only(answer)
        found.setdefault(_listed(name, user, book))
    return list(found)


async def _of_group(directory: GraphPeople, tenant_id: str, group: str | None, book: InstallBook) -> list[str]:
    """Everybody in the group, by object id; guests and disabled accounts are in the book with the reason."""
    found: dict[str, None] = {}
    following: str | None = None
    while True:
        page = await directory.members(tenant_id, group or "", following)
        if isinstance(page, Refused):
            raise _refusal(page.reason)
        for user in page.users:
            found.setdefault(_listed(user.aad_object_id, obstacle(user) or user, book))
        if (following := page.following) is None:
            return list(found)


def _listed(name: str, meant: str | DirectoryUser | Reason, book: InstallBook) -> str:
    from bellwire.service.installing import InstallResult, InstallState

    if isinstance(meant, Reason):
        if name not in book.states:
            book.keep(InstallResult(name, InstallState.REFUSED, meant))
        return name
    return meant.aad_object_id if isinstance(meant, DirectoryUser) else meant


def _first_column(file: Path) -> list[str]:
    """The names, without a heading and empty lines."""
    try:
        rows = list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error):
        raise InvalidInput("The file is no CSV in UTF-8.", field="FILE", remedy="Save it as CSV in UTF-8.") from None
    names = [row[0].strip() for row in rows if row and row[0].strip()]
    if names and "@" not in names[0] and not _is_id(names[0]):
        names = names[1:]
    for number, name in enumerate(names, 1):
        if "@" not in name and not _is_id(name):
            raise InvalidInput(
                "It is neither an object id nor an address.", field=f"FILE entry {number}", remedy="Correct the entry."
            )
    return names


def _is_id(name: str) -> bool:
    from bellwire.service.command import is_guid

    return is_guid(name.lower())


def _refusal(reason: Reason) -> Unreachable:
    fact, remedy, _ = EXPLANATIONS[reason]
    return Unreachable(fact, field="--group", code=reason, remedy=remedy)


class _Progress:
    """A bar on standard error while the run lasts; every result goes into the book first."""

    def __init__(self, total: int, done: int, book: InstallBook) -> None:
        from rich.progress import Progress

        self._book = book
        self._bar = Progress(console=console(error=True), transient=True)
        self._line = self._bar.add_task("installing", total=total, completed=done)

    def __enter__(self) -> _Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def told(self, result: InstallResult) -> None:
        """One more result."""
        self._book.keep(result)
        self._bar.advance(self._line)


def _tell(book: InstallBook, listed: int, file: Path, *, as_json: bool) -> Exit:
    counts = book.counts()
    counts["open"] = listed - sum(counts.values())
    if as_json:
        show_json({"listed": listed, **counts, "book": str(file)})
    else:
        from bellwire.cli.tables import plain_table

        table = plain_table("result", "people")
        for name, number in counts.items():
            table.add_row(name, f"{number:,}")
        show(table)
        remark(f"{listed:,} people; the reasons stand in {file}.")
    return Exit.OK if counts["installed"] + counts["already"] == listed else Exit.NOT_DONE
