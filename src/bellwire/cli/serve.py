"""``bellwire serve``: the bot endpoint, the API and the worker in one process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from bellwire.cli.terminal import remark


def register(app: typer.Typer) -> None:
    """Hang ``serve`` onto the command line."""
    app.command("serve")(serve)


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.", min=0, max=65535)] = 3978,
) -> None:
    """Run the service until SIGTERM or Ctrl-C; what is in flight is finished first.

    It is ready when GET /readyz answers 200.
    """
    from bellwire.cli.serving import run_async

    run_async(lambda: _served(host, port))


async def _served(host: str, port: int) -> None:
    from bellwire.app import Bellwire
    from bellwire.cli.serving import stop_signal
    from bellwire.config import load_settings
    from bellwire.logs import configure_logs
    from bellwire.web.app import create_app
    from bellwire.web.server import serving

    settings = load_settings()
    configure_logs(settings.log_level)
    stop = stop_signal()
    async with Bellwire.open(settings) as bellwire, serving(create_app(bellwire), host, port) as url:
        remark(f"Bellwire runs at {url}; its bot endpoint is {url}/api/messages. Senders: {_named(settings.senders)}.")
        await stop.wait()
        remark("Stopping: finishing what is in flight.")


def _named(senders: Iterable[str]) -> str:
    return ", ".join(senders) or "none (set BELLWIRE_SENDERS__<NAME>__..., see docs/settings.md)"
