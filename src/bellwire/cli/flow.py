"""``bellwire flow package``: the flow that posts as a Copilot Studio agent, as a solution for Power Automate."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from bellwire.cli.options import AsJson, examples
from bellwire.cli.terminal import remark, show_json
from bellwire.errors import InvalidInput

AGENT_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}", re.ASCII)


def register(app: typer.Typer) -> None:
    """Hang ``flow`` onto the command line."""
    group = typer.Typer(help="The Power Automate flow of a sender of kind 'flow'.", no_args_is_help=True)
    group.callback()(_root)
    group.command("package", epilog=examples("bellwire flow package --agent cr637_pager"))(package)
    app.add_typer(group, name="flow")


def _root() -> None:
    """The Power Automate flow of a sender of kind 'flow'."""


def package(
    agent: Annotated[
        str, typer.Option(help="The agent's schema name; without it Power Automate asks on import.", metavar="NAME")
    ] = "",
    callers: Annotated[
        Literal["tenant", "anyone"], typer.Option(help="An app of the tenant, or whoever has the signed address.")
    ] = "tenant",
    out: Annotated[Path, typer.Option(help="The file to write.", metavar="FILE")] = Path("bellwire-flow.zip"),
    as_json: AsJson = False,
) -> None:
    """Write the solution to import into Power Automate."""
    from bellwire.flows.package.solution import solution

    if agent and not AGENT_NAME.fullmatch(agent):
        raise InvalidInput(
            "It is no schema name.",
            field="--agent",
            remedy="Copy it from the agent's settings in Copilot Studio (Advanced, Metadata), such as cr637_pager.",
        )
    try:
        out.write_bytes(solution(agent, callers))
    except OSError as error:
        raise InvalidInput(
            f"The file cannot be written: {error.strerror}.", field="--out", remedy="Name a place to write to."
        ) from error
    if as_json:
        show_json({"file": str(out), "agent": agent or None, "callers": callers})
        return
    remark(f"{out}: import it in Power Automate (Solutions, Import solution); docs/flow-package.md goes on from there.")
