"""``bellwire serve``: the bot endpoint, the API and the worker, in one process or in several."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bellwire.cli.options import AsJson, examples
from bellwire.cli.terminal import remark, show_json
from bellwire.errors import ConfigError, Unavailable

if TYPE_CHECKING:
    from bellwire.app import Bellwire
    from bellwire.config import Settings


class Role(StrEnum):
    """What one process does."""

    ALL = "all"
    WEB = "web"
    WORKER = "worker"


def register(app: typer.Typer) -> None:
    """Hang ``serve`` onto the command line."""
    app.command("serve", epilog=examples("bellwire serve", "bellwire serve --role worker --no-upgrade --port 0"))(serve)


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.", min=0, max=65535)] = 3978,
    role: Annotated[
        Role, typer.Option(help="What this process does: 'web' takes messages, 'worker' sends them, 'all' does both.")
    ] = Role.ALL,
    upgrade: Annotated[
        bool,
        typer.Option(help="Bring the tables up to date first; else wait, not ready, until somebody has done it."),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Run the service until SIGTERM or Ctrl-C; what is in flight is finished first.

    It is ready when GET /readyz answers 200.
    """
    from bellwire.cli.serving import run_async

    run_async(lambda: _served(host, port, role, upgrade=upgrade, as_json=as_json))


async def _served(host: str, port: int, role: Role, *, upgrade: bool, as_json: bool) -> None:
    from bellwire.app import Bellwire
    from bellwire.cli.serving import stop_signal
    from bellwire.cli.tracing import traces_exported
    from bellwire.config import load_settings
    from bellwire.logs import configure_logs

    settings = load_settings()
    configure_logs(settings.log_level)
    _check(role, settings.database_url.get_secret_value())
    stop = stop_signal()
    opened = partial(Bellwire.open, settings, work=role is not Role.WEB, upgrade=upgrade)
    async with traces_exported():
        if settings.relay.upstream_url is not None and role is not Role.WORKER:
            await _relayed(settings, host, port, role, stop, opened, as_json=as_json)
        else:
            await _alone(settings, host, port, role, stop, opened, upgrade=upgrade, as_json=as_json)


async def _alone(
    settings: Settings,
    host: str,
    port: int,
    role: Role,
    stop: asyncio.Event,
    opened: Callable[[], AbstractAsyncContextManager[Bellwire]],
    *,
    upgrade: bool,
    as_json: bool,
) -> None:
    from bellwire.cli.awaiting import tables_awaited
    from bellwire.collector import spare_what_is_loaded
    from bellwire.web.app import create_app
    from bellwire.web.server import serving

    if not upgrade:
        await tables_awaited(settings.direct_database_url, host, port, stop)
    if stop.is_set():
        return
    async with (
        opened() as bellwire,
        serving(create_app(bellwire, api=role is not Role.WORKER), host, port) as url,
    ):
        spare_what_is_loaded()
        _tell(url, role, settings.senders, as_json=as_json)
        await _stopped(stop, bellwire)
        remark("Stopping: finishing what is in flight.")


async def _relayed(
    settings: Settings,
    host: str,
    port: int,
    role: Role,
    stop: asyncio.Event,
    opened: Callable[[], AbstractAsyncContextManager[Bellwire]],
    *,
    as_json: bool,
) -> None:
    from bellwire.cli.relaying import kept_open
    from bellwire.embed.relay import Relay
    from bellwire.web.server import serving

    assert settings.relay.upstream_url is not None
    relay = Relay(settings.relay.upstream_url, timeout=settings.relay.timeout)
    try:
        async with serving(relay, host, port) as url:
            _tell(url, role, settings.senders, as_json=as_json)
            await kept_open(relay, opened, stop, partial(_stopped, stop))
            remark("Stopping: finishing what is in flight.")
    finally:
        await relay.close()


async def _stopped(stop: asyncio.Event, bellwire: Bellwire) -> None:
    """Return when the process is asked to end.

    Raises:
        Unavailable: the worker died; a service that does not send must not look as if it did.
    """
    worker = bellwire.worker
    ways: list[asyncio.Future[Any]] = [asyncio.ensure_future(stop.wait())]
    if worker is not None:
        ways.append(asyncio.ensure_future(worker.ended()))
    done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    for way in ways:
        way.cancel()
    if any(way.exception() is not None for way in done):
        raise Unavailable(
            "The worker died, and the service with it.", remedy="Look into the log, then start again; nothing is lost."
        )


def _check(role: Role, database_url: str) -> None:
    """Refuse what could not work well.

    Raises:
        ConfigError: a process alone with its SQLite file would not hear what others write into it.
    """
    if role is not Role.ALL and database_url.startswith("sqlite"):
        raise ConfigError(
            "A process with a role of its own needs the others on one PostgreSQL.",
            field="BELLWIRE_DATABASE_URL",
            remedy="Name a PostgreSQL database, or do everything in one process with --role all.",
        )


def _tell(url: str, role: Role, senders: Iterable[str], *, as_json: bool) -> None:
    if role is Role.WORKER:
        _tell_worker(url, as_json=as_json)
        return
    bot_endpoint = f"{url}/api/messages"
    if as_json:
        show_json({"url": url, "bot_endpoint": bot_endpoint, "senders": list(senders)})
        return
    named = ", ".join(senders) or "none (set BELLWIRE_SENDERS__<NAME>__..., see docs/settings.md)"
    remark(f"Bellwire runs at {url}; its bot endpoint is {bot_endpoint}. Senders: {named}.")


def _tell_worker(url: str, *, as_json: bool) -> None:
    if as_json:
        show_json({"url": url})
    else:
        remark(f"Bellwire's worker runs at {url}, for /healthz, /readyz and /metrics.")
