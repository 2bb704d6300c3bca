"""``bellwire package``: the app that Teams installs, as a file to upload; and a check of any such file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from bellwire.cli.exits import Exit
from bellwire.cli.options import AsJson, examples
from bellwire.cli.terminal import remark, show, show_json
from bellwire.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bellwire.cli.registration import ChosenBot
    from bellwire.teams.app_package.manifest import TeamsApp
    from bellwire.teams.app_package.rules import Flaw

WEBSITE: Final = "https://example.com"
DESCRIPTION: Final = "Messages that are meant for you"
FULL_DESCRIPTION: Final = "Writes to you here, in this chat, when something needs your attention."
OPTIONS: Final = {
    "version": "--version",
    "id": "--id",
    "name.short": "--name",
    "name.full": "--full-name",
    "description.short": "--description",
    "description.full": "--full-description",
    "developer.name": "--developer",
    "developer.websiteUrl": "--website",
    "developer.privacyUrl": "--privacy",
    "developer.termsOfUseUrl": "--terms",
    "accentColor": "--accent",
    "bots.botId": "--app-id",
    "color.png": "--icon",
    "outline.png": "--outline",
}
"""Which option a place of the manifest is written from."""

Sender = Annotated[
    str | None, typer.Option(help="Which bot of the settings; the only one needs no naming.", metavar="NAME")
]
Icon = Annotated[Path | None, typer.Option(help="A PNG of 192x192 pixels instead of the bell.", metavar="FILE")]
Outline = Annotated[
    Path | None, typer.Option(help="A PNG of 32x32 pixels, white on transparent, instead of the bell.", metavar="FILE")
]


def register(app: typer.Typer) -> None:
    """Hang ``package`` onto the command line."""
    app.command(
        "package",
        epilog=examples(
            'bellwire package --name "Contoso Alerts" --developer Contoso --website https://contoso.example',
            "bellwire package --check bellwire-app.zip",
        ),
    )(package)


def package(
    out: Annotated[Path, typer.Option(help="The file to write.", metavar="FILE")] = Path("bellwire-app.zip"),
    sender: Sender = None,
    app_id: Annotated[str | None, typer.Option(help="The bot's Microsoft App ID, where no settings are.")] = None,
    name: Annotated[str, typer.Option(help="What people see; at most 30 characters.")] = "Bellwire",
    full_name: Annotated[str | None, typer.Option(help="At most 100 characters.")] = None,
    description: Annotated[str, typer.Option(help="At most 80 characters.")] = DESCRIPTION,
    full_description: Annotated[str, typer.Option(help="At most 4,000 characters.")] = FULL_DESCRIPTION,
    developer: Annotated[str, typer.Option(help="Whose app it is; at most 32 characters.")] = "Bellwire",
    website: Annotated[str, typer.Option(help="Where people find help.", metavar="URL")] = WEBSITE,
    privacy: Annotated[str | None, typer.Option(help="The privacy statement.", metavar="URL")] = None,
    terms: Annotated[str | None, typer.Option(help="The terms of use.", metavar="URL")] = None,
    accent: Annotated[str, typer.Option(help="The colour behind the icon.", metavar="#RRGGBB")] = "#4f52b2",
    icon: Icon = None,
    outline: Outline = None,
    version: Annotated[str, typer.Option(help="Raise it with every change.", metavar="N.N.N")] = "1.0.0",
    manifest_id: Annotated[
        str | None,
        typer.Option("--id", help="The app's GUID in the catalogue; else TEAMS_APP_ID, or the bot's own."),
    ] = None,
    team: Annotated[bool, typer.Option("--team", help="It may be added to teams, too.")] = False,
    copilot: Annotated[bool, typer.Option("--copilot", help="It may be used from Microsoft 365 Copilot.")] = False,
    read_receipts: Annotated[bool, typer.Option("--read-receipts", help="Ask for read receipts.")] = False,
    notification_only: Annotated[bool, typer.Option("--notification-only", help="Nobody can write to it.")] = False,
    check: Annotated[Path | None, typer.Option(help="Only look through this package.", metavar="FILE")] = None,
    as_json: AsJson = False,
) -> int:
    """Make the Teams app package of a bot, or check one; then show what an administrator has to allow."""
    if check is not None:
        return _checked(check, sender, app_id, as_json=as_json)
    from bellwire.cli.registration import chosen_bot
    from bellwire.teams.app_package.manifest import TeamsApp

    bot = chosen_bot(sender, app_id)
    made = TeamsApp(
        app_id=bot.app_id,
        manifest_id=manifest_id or bot.manifest_id,
        version=version,
        name=name,
        full_name=full_name or name,
        description=description,
        full_description=full_description,
        developer=developer,
        website=website,
        privacy=privacy or website,
        terms=terms or website,
        accent=accent,
        team=team,
        copilot=copilot,
        read_receipts=read_receipts,
        notification_only=notification_only,
    )
    _written(out, _packed(made, icon, outline))
    _tell(out, made, bot, as_json=as_json)
    return Exit.OK


def _packed(app: TeamsApp, icon: Path | None, outline: Path | None) -> bytes:
    """The package.

    Raises:
        InvalidInput: an option has a value that Teams would refuse; all of them are named.
    """
    from bellwire.teams.app_package.archive import pack, package_flaws
    from bellwire.teams.app_package.manifest import manifest
    from bellwire.teams.app_package.rules import manifest_flaws

    flaws: Sequence[Flaw] = tuple(manifest_flaws(manifest(app)))
    if not flaws:
        packed = pack(app, colour=_given(icon, "--icon"), outline=_given(outline, "--outline"))
        flaws = package_flaws(packed)
    if not flaws:
        return packed
    (place, said), *others = flaws
    more = [f"{OPTIONS.get(place, place)}: {said}" for place, said in others]
    raise InvalidInput(
        " ".join((said, *more)), field=OPTIONS.get(place, place), remedy="Correct it; nothing was written."
    )


def _given(path: Path | None, option: str) -> bytes | None:
    return None if path is None else _content(path, option)


def _content(path: Path, option: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"The file cannot be read: {error.strerror}.", field=option, remedy="Name a file that is there."
        ) from error


def _written(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InvalidInput(
            f"The file cannot be written: {error.strerror}.", field="--out", remedy="Name a place to write to."
        ) from error


def _tell(out: Path, app: TeamsApp, bot: ChosenBot, *, as_json: bool) -> None:
    from bellwire.cli.tables import fact_table, plain_table
    from bellwire.teams.app_package.manifest import manifest
    from bellwire.teams.app_package.permissions import GRAPH_PERMISSIONS, admin_consent_url

    consent = admin_consent_url(bot.cloud, bot.app_id, bot.tenant_id)
    scopes = manifest(app)["bots"][0]["scopes"]
    facts: dict[str, Any] = {"file": str(out), "app_id": app.app_id, "manifest_id": app.manifest_id}
    facts |= {"version": app.version, "scopes": scopes}
    if as_json:
        permissions = [permission._asdict() for permission in GRAPH_PERMISSIONS]
        show_json({**facts, "graph_permissions": permissions, "admin_consent_url": consent})
        return
    table, permissions_table = fact_table(), plain_table("Graph permission (application)", "for")
    for label, value in facts.items():
        table.add_row(label.replace("_", " "), ", ".join(value) if isinstance(value, list) else value)
    for permission in GRAPH_PERMISSIONS:
        permissions_table.add_row(*permission)
    show(table, permissions_table)
    remark("Upload the file in the Teams admin center (Teams apps > Manage apps > Upload new app).")
    remark(f"With those permissions on the app registration, an administrator consents at {consent}")
    if app.website == WEBSITE:
        remark(f"People will be shown {WEBSITE} as its website; say yours with --website.")


def _checked(path: Path, sender: str | None, app_id: str | None, *, as_json: bool) -> int:
    """Look through a package; with a bot named, also whether it is that bot's."""
    from bellwire.cli.registration import chosen_bot
    from bellwire.cli.tables import plain_table
    from bellwire.teams.app_package.archive import package_flaws

    own = chosen_bot(sender, app_id).app_id if sender or app_id else None
    flaws = package_flaws(_content(path, "--check"), own)
    if as_json:
        show_json({"file": str(path), "flaws": [{"place": flaw.place, "detail": flaw.said} for flaw in flaws]})
    elif flaws:
        table = plain_table("where", "what is wrong")
        for flaw in flaws:
            table.add_row(*flaw)
        show(table)
    else:
        remark(f"{path}: nothing was found that Teams would refuse.")
    return Exit.NOT_DONE if flaws else Exit.OK
