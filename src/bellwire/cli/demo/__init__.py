"""``bellwire demo``: a simulated Teams and a real service, a story in the terminal, and the books at the end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bellwire.cli.exits import Exit
from bellwire.cli.options import AsJson
from bellwire.cli.terminal import console, show_json

if TYPE_CHECKING:
    from rich.console import Console

    from bellwire.cli.demo.performance import Performance
    from bellwire.cli.demo.stage import Stage

READABLE = 120


def register(app: typer.Typer) -> None:
    """Hang ``demo`` onto the command line."""
    app.command("demo")(demo)


def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the story, even in a terminal.")] = False,
    as_json: AsJson = False,
) -> Exit:
    """Show what Bellwire does, in a few seconds: nothing to install, nothing to configure.

    In a terminal it stays up with the chat page until Ctrl-C. Ends with 0 only if every expectation held.
    """
    from bellwire.cli.serving import run_async
    from bellwire.logs import configure_logs

    configure_logs("error")
    stays = not once and not as_json and sys.stdin.isatty() and sys.stdout.isatty()
    return run_async(lambda: _shown(stays=stays, as_json=as_json))


async def _shown(*, stays: bool, as_json: bool) -> Exit:
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from bellwire.cli.demo.stage import staged

    with TemporaryDirectory(prefix="bellwire-demo-") as directory:
        async with staged(Path(directory)) as stage:
            performance = await (_told_as_json(stage) if as_json else tell_story(stage, console(most=READABLE)))
            if stays:
                await _stay(stage)
    return Exit.OK if performance.held else Exit.NOT_DONE


async def tell_story(stage: Stage, out: Console) -> Performance:
    """Play, and tell it as it happens."""
    from bellwire.cli.demo.performance import perform
    from bellwire.cli.demo.telling import tell_ending, tell_opening, tell_scene

    tell_opening(out, stage)
    performance = await perform(stage, lambda number, scene: tell_scene(out, number, scene))
    tell_ending(out, performance)
    return performance


async def _told_as_json(stage: Stage) -> Performance:
    from bellwire.cli.demo.performance import perform

    performance = await perform(stage, lambda *_: None)
    show_json(_document(performance))
    return performance


async def _stay(stage: Stage) -> None:
    from bellwire.cli.serving import stop_signal

    out = console()
    out.print(f"\nWhat each person sees: [link={stage.simulator.url}]{stage.simulator.url}/[/link]")
    out.print("Ctrl-C ends it.")
    await stop_signal().wait()


def _document(performance: Performance) -> dict[str, Any]:
    from bellwire.cli.service import plain

    return {
        "held": performance.held,
        "scenes": [
            {
                "person": scene.part.name,
                "role": scene.part.role,
                "state": scene.delivery.state if scene.delivery else "refused",
                "reason": scene.delivery.reason if scene.delivery else scene.refusal and scene.refusal.code,
                "arrived": {str(kind): count for kind, count in scene.arrived.items()},
                "checks": plain(scene.checks),
            }
            for scene in performance.scenes
        ],
        "books": plain(performance.books),
        "checks": plain(performance.checks),
    }
