"""Apps to package."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from bellwire.teams.app_package.manifest import TeamsApp

APP_ID = "22222222-2222-4222-8222-222222222222"
APP = TeamsApp(
    app_id=APP_ID,
    manifest_id="33333333-3333-4333-8333-333333333333",
    version="1.2.3",
    name="Pager",
    full_name="The pager of Contoso",
    description="Says when it rings",
    full_description="Says when it rings, and for whom.",
    developer="Contoso",
    website="https://contoso.example/pager",
    privacy="https://contoso.example/privacy",
    terms="https://contoso.example/terms",
    accent="#0a7d4c",
)


def app(**changes: Any) -> TeamsApp:
    """The app with these changes."""
    return replace(APP, **changes)


def files_of(package: bytes) -> dict[str, bytes]:
    """What the zip holds."""
    with ZipFile(BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip of these files."""
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()
