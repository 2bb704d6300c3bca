"""The list of commands: the one place where a new one is added.

Each entry is a module's ``register``, which hangs its commands onto the application. Such a module imports what it
needs inside its functions, so that the command line starts fast whatever it grows into.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import typer

from bellwire.cli import (
    bench,
    books,
    callbacks,
    connector,
    database,
    deliveries,
    demo,
    doctor,
    flow,
    keys,
    package,
    people,
    send,
    serve,
    simulate,
)

COMMANDS: Final[tuple[Callable[[typer.Typer], None], ...]] = (
    serve.register,
    send.register,
    deliveries.register,
    people.register,
    books.register,
    callbacks.register,
    keys.register,
    database.register,
    package.register,
    flow.register,
    connector.register,
    doctor.register,
    simulate.register,
    demo.register,
    bench.register,
)
