"""``bellwire doctor``: looks through the whole installation, and says what to do about what it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from bellwire.cli.exits import Exit
from bellwire.cli.options import DEFAULT_URL, AsJson, Url, examples
from bellwire.cli.terminal import show, show_json
from bellwire.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from bellwire.config import Settings
    from bellwire.service.doctor.finding import Finding

MARKS: Final = {"fine": ("✓", "green"), "untold": ("?", "cyan"), "warning": ("!", "yellow"), "stops": ("✗", "red")}
COUNTED: Final = {"stops": "to put right", "warning": "to watch", "untold": "that cannot be told", "fine": "fine"}


def register(app: typer.Typer) -> None:
    """Hang ``doctor`` onto the command line."""
    app.command("doctor", epilog=examples("bellwire doctor --endpoint https://YOUR-ADDRESS/api/messages"))(doctor)


def doctor(
    endpoint: Annotated[
        str | None, typer.Option(help="The messaging endpoint as the Azure Bot has it.", metavar="URL")
    ] = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> int:
    """Look through settings, credentials, database, clock and addresses. Sends nothing, changes nothing."""
    from bellwire.cli.serving import run_async
    from bellwire.config import load_settings
    from bellwire.logs import configure_logs
    from bellwire.service.doctor.examination import all_well
    from bellwire.service.doctor.finding import stops

    configure_logs("error")
    try:
        settings = load_settings()
        findings = run_async(lambda: _examined(settings, endpoint, url))
    except ConfigError as error:
        findings = [stops("settings", f"{error.field}: {error.detail}", error.remedy)]
    well = all_well(findings)
    if as_json:
        show_json({"well": well, "findings": [_document(finding) for finding in findings]})
    else:
        show(findings_table(findings), verdict(findings))
    return Exit.OK if well else Exit.NOT_DONE


async def _examined(settings: Settings, endpoint: str | None, url: str) -> list[Finding]:
    from bellwire.app import cloud_of, flow_places, registration_of, utc_now
    from bellwire.flows.clouds import flow_cloud
    from bellwire.net import open_session
    from bellwire.service.doctor.examination import examine
    from bellwire.service.doctor.installation import Installation

    cloud = cloud_of(settings.cloud)
    for_flows = flow_cloud(cloud, settings.cloud.flow_scope)
    async with open_session(timeout=15.0) as session:
        installation = Installation(
            cloud=cloud,
            session=session,
            bots={name: registration_of(name, sender) for name, sender in settings.bots.items()},
            tenants=settings.tenants,
            listed_keys=len(settings.api_keys),
            database_url=settings.direct_database_url,
            url=url,
            endpoint=endpoint,
            clock=utc_now,
            catalogue_ids={name: bot.teams_app_id for name, bot in settings.bots.items() if bot.teams_app_id},
            flows=flow_places(settings, for_flows),
            flow_cloud=for_flows,
        )
        return await examine(installation)


def findings_table(findings: Sequence[Finding]) -> Table:
    """One line for each finding, with its remedy below it."""
    from rich.text import Text

    from bellwire.cli.tables import plain_table

    table = plain_table("", "what", "found")
    for finding in findings:
        mark, style = MARKS[finding.level]
        what = f"{finding.check} ({finding.subject})" if finding.subject else finding.check
        found = Text(finding.detail)
        if finding.remedy:
            found.append(f"\n→ {finding.remedy}", style="bold" if finding.level == "stops" else "bright_black")
        table.add_row(Text(mark, style=style), what, found)
    return table


def verdict(findings: Sequence[Finding]) -> str:
    """All of it in one line."""
    counts = {level: sum(finding.level == level for finding in findings) for level in COUNTED}
    return ", ".join(f"{count} {COUNTED[level]}" for level, count in counts.items() if count) + "."


def _document(finding: Finding) -> dict[str, str | None]:
    return {
        "check": finding.check,
        "subject": finding.subject,
        "level": finding.level,
        "detail": finding.detail,
        "remedy": finding.remedy,
    }
