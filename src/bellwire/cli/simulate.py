"""``bellwire simulate``: a Teams to run against, over real HTTP."""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bellwire.cli.options import AsJson, examples
from bellwire.cli.terminal import remark, show, show_json
from bellwire.errors import ConfigError, InvalidInput

if TYPE_CHECKING:
    from bellwire.simulator import Simulator

BOT_ENDPOINT = "http://127.0.0.1:3978/api/messages"
MOST_LETTERS: Final = 40
_FIT_FOR_A_VARIABLE: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def register(app: typer.Typer) -> None:
    """Hang ``simulate`` onto the command line."""
    app.command("simulate", epilog=examples("bellwire simulate", "bellwire simulate --flow studio"))(simulate)


def simulate(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.", min=0, max=65535)] = 3979,
    bot: Annotated[str, typer.Option(help="The bot endpoint to send activities to.", metavar="URL")] = BOT_ENDPOINT,
    sender: Annotated[str, typer.Option(help="The sender's name in the settings that are printed.")] = "alerts",
    flow: Annotated[
        str | None, typer.Option(help="Also play a Power Automate flow, for a sender of this name.", metavar="NAME")
    ] = None,
    unlimited: Annotated[bool, typer.Option("--unlimited", help="Measure Teams' rate limits only.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run a simulated Teams until Ctrl-C, and print the settings that point a Bellwire at it."""
    from bellwire.cli.serving import run_async
    from bellwire.logs import configure_logs

    for option, name in (("--sender", sender), ("--flow", flow)):
        _check(option, name)
    if flow == sender:
        raise InvalidInput(
            f"The bot is {sender!r} already.",
            field="--flow",
            remedy="Give the flow another name, or the bot with --sender.",
        )
    configure_logs("warning")
    run_async(lambda: _simulated(host, port, bot, (sender, flow), unlimited=unlimited, as_json=as_json))


def _check(option: str, name: str | None) -> None:
    """The settings are printed for a shell, which knows no variable with a ``-``; two underscores go a level down."""
    if name is not None and not (_FIT_FOR_A_VARIABLE.fullmatch(name) and len(name) <= MOST_LETTERS):
        raise InvalidInput(
            f"{name!r} cannot stand in an environment variable as a sender's name.",
            field=option,
            remedy=f"Use a-z, 0-9 and single underscores between them, at most {MOST_LETTERS} characters.",
        )


async def _simulated(
    host: str, port: int, bot: str, senders: tuple[str, str | None], *, unlimited: bool, as_json: bool
) -> None:
    from bellwire.cli.serving import stop_signal
    from bellwire.simulator import Bot, Limits, Simulator

    simulator = Simulator(host, port, bot=Bot(endpoint=bot), limits=Limits(enforce=not unlimited))

    def tell() -> None:
        settings = _settings(simulator, *senders)
        if as_json:
            show_json({"url": simulator.url, "bot_endpoint": bot, "settings": settings})
        else:
            _tell(simulator, settings)

    try:
        await simulator.serve(stop_signal(), tell)
    except OSError as error:
        raise ConfigError(
            f"Cannot listen on {host}:{port}: {os.strerror(error.errno) if error.errno else type(error).__name__}.",
            remedy="Choose another address with --host and --port, or stop what runs there.",
        ) from error


def _settings(simulator: Simulator, sender: str, flow: str | None) -> dict[str, str]:
    settings = simulator.settings(sender)
    if flow is None:
        return settings
    from bellwire.cli.packaged_flow import packaged_flow

    played = simulator.flows.add(packaged_flow(simulator.bot, signed=False))
    of_flow = simulator.flows.settings(flow, played, simulator.url)
    return settings | of_flow | {"BELLWIRE_DEFAULT_SENDER": sender}


def _tell(simulator: Simulator, settings: dict[str, str]) -> None:
    remark(f"A simulated Teams runs at {simulator.url}/ (the chat page). In another terminal, run:")
    show("\n".join(f"export {name}={shlex.quote(value)}" for name, value in settings.items()))
    remark("bellwire keys add first\nbellwire serve")
    remark("Ctrl-C ends it.")
