"""The database: whether it answers, fits this program, can be written to, and what its rows tell of the rest."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from bellwire.errors import BellwireError, StoreUnavailable
from bellwire.service.doctor.finding import Finding, fine, stops, untold, warning
from bellwire.service.doctor.installation import Installation
from bellwire.store import inspection
from bellwire.store.database import Database

CHECK: Final = "database"
DISK: Final = "disk"
KEYS: Final = "API keys"
HOSTS: Final = "service hosts"
INBOUND: Final = "activities"
LITTLE: Final = 1 << 30
TOO_LITTLE: Final = 100 << 20


async def database(installation: Installation) -> list[Finding]:
    """Everything about it. Nothing is made or changed: a file that is not there yet stays away."""
    path = _file(installation.database_url)
    found = [] if path is None else [disk(shutil.disk_usage(_nearest(path)).free)]
    if path is not None and not path.exists() and path.parent.is_dir():
        start = "bellwire keys add NAME, or bellwire serve, makes it."
        return [*found, untold(CHECK, "The file is not there yet.", start), *_keys(installation.listed_keys)]
    try:
        async with _opened(installation.database_url) as opened:
            return [*found, *await _look_through(opened, installation)]
    except BellwireError as error:
        return [*found, stops(CHECK, error.detail, error.remedy)]


def disk(free: int) -> Finding:
    """Whether there is room for the file to grow; ``free`` is in bytes."""
    said = f"{free / (1 << 30):.1f} GiB are free."
    remedy = "Make room, or move the file; BELLWIRE_DATABASE_URL names it."
    if free < TOO_LITTLE:
        return stops(DISK, said, remedy)
    return warning(DISK, said, remedy) if free < LITTLE else fine(DISK, said)


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Database]:
    opened = Database(url)
    await opened.start()
    try:
        yield opened
    finally:
        await opened.close()


async def _look_through(opened: Database, installation: Installation) -> list[Finding]:
    from bellwire.store.migrations import revisions

    present = await opened.inspect(revisions)
    if present.behind or not present.bearable:
        return [_other_schema(present.current, present.known), *_keys(installation.listed_keys)]
    try:
        await opened.write(inspection.touch)
    except StoreUnavailable as error:
        remedy = "Give the service the right to write, or make room."
        return [stops(CHECK, f"It cannot be written to: {error.detail}", remedy)]
    keys = await opened.read(inspection.good_keys) + installation.listed_keys
    return [
        fine(CHECK, f"{opened.dialect} answers, at schema {present.current}, and can be written to."),
        *_keys(keys),
        *_hosts(installation, await opened.read(inspection.chats_by_service_url)),
        await _inbound(opened, installation),
    ]


def _other_schema(current: str | None, known: bool) -> Finding:
    if current is None:
        return untold(CHECK, "It holds no tables yet.", "bellwire keys add NAME, or bellwire serve, makes them.")
    if not known:
        return stops(CHECK, f"A newer version of Bellwire made its tables ({current}).", "Run that version again.")
    return warning(
        CHECK,
        f"Its tables are older than this program ({current}).",
        "Run 'bellwire database upgrade', or start 'bellwire serve'.",
    )


def _keys(count: int) -> list[Finding]:
    if count:
        return [fine(KEYS, f"Callers' keys that are good: {count}.")]
    return [stops(KEYS, "There is none, so nobody can ask for a message.", "Make one: bellwire keys add NAME")]


def _hosts(installation: Installation, chats: Mapping[str, int]) -> list[Finding]:
    """Chats whose service URL no token may be sent to stay unreached, whoever wrote it there."""
    foreign = {url: count for url, count in chats.items() if not installation.cloud.admits(url)}
    if not foreign:
        return [fine(HOSTS, f"Stored chats, all at hosts of this cloud: {sum(chats.values())}.")] if chats else []
    some = ", ".join(sorted(foreign)[:3])
    return [
        stops(
            HOSTS,
            f"{sum(foreign.values())} of {sum(chats.values())} stored chats lie at other hosts: {some}.",
            "Check BELLWIRE_CLOUD__NAME, or with the custom cloud BELLWIRE_CLOUD__SERVICE_HOSTS.",
        )
    ]


async def _inbound(opened: Database, installation: Installation) -> Finding:
    last = await opened.read(inspection.last_activity)
    if last is None:
        return untold(INBOUND, "None ever came in from Teams.", "Install the app in Teams, or write to the bot there.")
    minutes = int((installation.clock() - last).total_seconds() // 60)
    return fine(INBOUND, f"The last one came in {_ago(minutes)} ago, so Teams finds the endpoint.")


def _ago(minutes: int) -> str:
    if minutes < 120:
        return "1 minute" if minutes == 1 else f"{max(minutes, 0)} minutes"
    return f"{minutes // 60} hours" if minutes < 2880 else f"{minutes // 1440} days"


def _file(url: str) -> Path | None:
    """The file of a SQLite database."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return None
    named = parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:"
    return Path(parsed.database or "") if named else None


def _nearest(path: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next((folder for folder in path.absolute().parents if folder.is_dir()), Path("/"))
