"""``bellwire connector package``: the files of a Power Automate custom connector for this service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from bellwire.cli.options import AsJson, examples
from bellwire.cli.terminal import remark, show_json
from bellwire.errors import InvalidInput

ACCENT: Final = "#4f52b2"


def register(app: typer.Typer) -> None:
    """Hang ``connector`` onto the command line."""
    group = typer.Typer(help="A Power Automate custom connector for this service.", no_args_is_help=True)
    group.callback()(_root)
    group.command("package", epilog=examples("bellwire connector package --url https://YOUR-ADDRESS"))(package)
    app.add_typer(group, name="connector")


def _root() -> None:
    """A Power Automate custom connector for this service."""


def package(
    url: Annotated[str, typer.Option(help="Where Power Automate reaches the service, over https.", metavar="URL")],
    out: Annotated[Path, typer.Option(help="The folder to write to.", metavar="FOLDER")] = Path("bellwire-connector"),
    publisher: Annotated[str, typer.Option(help="Who stands behind it.")] = "Bellwire",
    as_json: AsJson = False,
) -> None:
    """Write the connector's definition, properties, icon and settings."""
    from bellwire.flows.connector.actions import ACTIONS, TRIGGERS
    from bellwire.flows.connector.files import connector_files
    from bellwire.teams.app_package.icons import colour_icon
    from bellwire.web.app import described

    served: dict[str, Any] = described()
    files = connector_files(served, url, icon=colour_icon(ACCENT), accent=ACCENT, publisher=publisher)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (out / name).write_bytes(content)
    except OSError as error:
        raise InvalidInput(
            f"The folder cannot be written: {error.strerror}.", field="--out", remedy="Name a place to write to."
        ) from error
    actions, triggers = ([each.summary for each in kind] for kind in (ACTIONS, TRIGGERS))
    if as_json:
        show_json({"folder": str(out), "files": sorted(files), "actions": actions, "triggers": triggers})
        return
    remark(f"{out}: {', '.join(files)}, with {len(actions)} actions and {len(triggers)} trigger.")
    remark(f"Import it with: paconn create --settings {out / 'settings.json'}, or by hand as docs/connector.md shows.")
