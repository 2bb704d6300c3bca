"""Runs one command, and turns whatever goes wrong into one line and an exit code."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer
from typer.exceptions import Abort, TyperException
from typer.main import get_command

from bellwire.cli.commands import COMMANDS
from bellwire.cli.exits import Exit, exit_of
from bellwire.cli.terminal import remark, show_json, show_what_can_be_shown
from bellwire.errors import BellwireError, InvalidInput

HELP = "Microsoft Teams messages to one person, in that person's own Teams chat with the bot; and what became of them."


def application() -> typer.Typer:
    """The whole command line, with every command of ``COMMANDS``."""
    app = typer.Typer(
        name="bellwire", help=HELP, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich"
    )
    app.callback()(_root)
    for register in COMMANDS:
        register(app)
    return app


def run(arguments: list[str]) -> int:
    """Run the command that ``arguments`` name; what it returns is the exit code."""
    show_what_can_be_shown()
    try:
        ended: Any = get_command(application()).main(arguments, prog_name="bellwire", standalone_mode=False)
    except (Abort, KeyboardInterrupt):
        remark("Interrupted.")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        return Exit.OK
    except TyperException as error:
        if error.format_message():  # a group that is named alone has shown its help instead
            remark(_usage_line(error))
        return Exit.USAGE
    except BellwireError as error:
        return _refused(error, as_json="--json" in arguments)
    except OSError as error:
        return _broken(error) if error.filename is None else _refused(_of_file(error), as_json="--json" in arguments)
    except Exception as error:
        return _broken(error)
    return int(ended or Exit.OK)


def _refused(error: BellwireError, *, as_json: bool) -> int:
    if as_json:
        show_json({"error": {"code": error.code, "detail": error.detail, "field": error.field, "remedy": error.remedy}})
    else:
        remark(f"bellwire: {error}")
    return exit_of(error)


def _of_file(error: OSError) -> InvalidInput:
    return InvalidInput(f"{error.strerror}.", field=str(error.filename), remedy="Name a file that can be used.")


def _broken(error: Exception) -> int:
    if os.environ.get("BELLWIRE_LOG_LEVEL") == "debug":
        raise error
    remark(f"bellwire: {type(error).__name__}: a defect in Bellwire. Set BELLWIRE_LOG_LEVEL=debug to see where.")
    return Exit.BROKEN


def _usage_line(error: TyperException) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "bellwire"
    said = error.format_message().replace(": Value error, ", ": ")
    return f"bellwire: {said}{'' if said.endswith(('.', '?')) else '.'} Try '{command} --help'."


def _version(asked: bool) -> None:
    if asked:
        from bellwire.release import release

        typer.echo(f"bellwire {release()}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and end.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Microsoft Teams messages to one person, in that person's own Teams chat with the bot."""
