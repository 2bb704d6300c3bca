"""What the command line's exit codes mean. docs/cli.md lists the same, and a test compares both."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from bellwire.errors import (
    BellwireError,
    ConfigError,
    InvalidInput,
    Unauthorized,
    Unavailable,
)


class Exit(IntEnum):
    """How a command ended, for scripts."""

    OK = 0
    NOT_DONE = 1
    USAGE = 2
    NO_SERVICE = 3
    KEY_REFUSED = 4
    BAD_SETTING = 5
    UNDECIDED = 6
    BROKEN = 70
    INTERRUPTED = 130


MEANINGS: Final[dict[Exit, str]] = {
    Exit.OK: "What was asked for came about.",
    Exit.NOT_DONE: "It did not come about: refused, undeliverable, cancelled, expired, or there is no such thing.",
    Exit.USAGE: "The command line or the message is not valid; nothing was sent.",
    Exit.NO_SERVICE: "The service, or its database, cannot be reached; try again.",
    Exit.KEY_REFUSED: "The API key is missing, unknown or revoked.",
    Exit.BAD_SETTING: "A setting is missing or wrong.",
    Exit.UNDECIDED: "Not known: the delivery ended as unknown, or --timeout passed while it was still open.",
    Exit.BROKEN: "A defect in Bellwire.",
    Exit.INTERRUPTED: "Interrupted with Ctrl-C.",
}


def exit_of(error: BellwireError) -> Exit:
    """The exit code for an error of the tree."""
    if isinstance(error, ConfigError):
        return Exit.BAD_SETTING
    if isinstance(error, Unauthorized):
        return Exit.KEY_REFUSED
    if isinstance(error, Unavailable):
        return Exit.NO_SERVICE
    if isinstance(error, InvalidInput):
        return Exit.USAGE
    return Exit.NOT_DONE
