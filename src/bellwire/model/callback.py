"""Callbacks, our outgoing webhooks: what is told, and what follows from what a receiver answers.

The times are those that Standard Webhooks advises (https://github.com/standard-webhooks/standard-webhooks): quickly
again at first, then ever more slowly for a day, and a receiver that takes nothing for days is not told any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Final

LONGEST_WAIT: Final = 86_400.0


class Event(StrEnum):
    """What callers can ask to be told."""

    DELIVERY_ENDED = "delivery.ended"


TEST: Final = "callback.test"
"""The type of what is told on request only, to see whether a receiver takes it."""


class Reply(StrEnum):
    """What a receiver's answer means."""

    TAKEN = "taken"
    FAILED = "failed"
    GONE = "gone"


class Health(StrEnum):
    """How a callback fares."""

    WORKING = "working"
    FAILING = "failing"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class CallbackPolicy:
    """Waits begin with ``first`` seconds and grow by ``factor`` up to ``cap``; an event is given up ``total`` seconds
    after it happened.

    A receiver that failed ``failures`` times in a row is asked with one event at a time until it takes one, others
    with ``at_once``. One that takes nothing for ``disable_after`` seconds is not told any more. An event is told by
    one process alone for ``lease`` seconds, within which it has to be done, a request being given up after ``timeout``.
    """

    first: float = 5.0
    factor: float = 4.0
    cap: float = 10_800.0
    total: float = 86_400.0
    failures: int = 3
    at_once: int = 32
    disable_after: float = 5 * 86_400.0
    timeout: float = 15.0
    lease: float = 120.0

    def share(self, failures: int) -> int:
        """How many events are told at once, after so many failures in a row."""
        return self.at_once if failures < self.failures else 1


def reply(status: int) -> Reply:
    """What an HTTP status means: any 2xx takes the event, 410 ends the callback, anything else is a failure.

    A redirection is a failure too: it is never followed, since it could lead anywhere.
    """
    if 200 <= status < 300:
        return Reply.TAKEN
    return Reply.GONE if status == HTTPStatus.GONE else Reply.FAILED


def wait(tries: int, after: float | None, random: float, policy: CallbackPolicy) -> timedelta:
    """How long to wait after ``tries`` failures in a row, a fifth more or less by ``random`` (from 0 up to 1).

    ``after`` is the receiver's own Retry-After in seconds: it is obeyed, up to a day, where it is longer.
    """
    growing = min(policy.cap, policy.first * policy.factor ** min(max(tries - 1, 0), 32))
    own = growing * (0.8 + 0.4 * random)
    return timedelta(seconds=max(own, min(after or 0.0, LONGEST_WAIT)))


def pause(failures: int, after: float | None, random: float, policy: CallbackPolicy) -> timedelta | None:
    """How long the receiver is left alone, with all its events, after so many failures in a row; None if not at all.

    One that asked for time is given it. One that keeps failing is tried ever more seldom.
    """
    repeated = failures - policy.failures + 1
    if repeated < 1 and after is None:
        return None
    return wait(max(repeated, 0), after, random, policy)


def next_try(
    made_at: datetime, tries: int, after: float | None, random: float, now: datetime, policy: CallbackPolicy
) -> datetime | None:
    """When an event is tried again after ``tries`` failures; None if that is too late for one made at ``made_at``.

    A wait that the receiver asks for is waited out even if it ends after ``total``; the try after it is then the last.
    """
    again = now + wait(tries, after, random, policy)
    counted = again if after is None else now
    return None if (counted - made_at).total_seconds() > policy.total else again


def worn_out(failing_since: datetime, now: datetime, policy: CallbackPolicy) -> bool:
    """Whether a receiver has failed for so long that it is not told any more."""
    return (now - failing_since).total_seconds() >= policy.disable_after
