"""When a passing refusal is tried again, and when it is given up: pure functions of time and a random number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST_WAIT = 86_400.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """At most ``tries`` tries within ``total`` seconds; waits grow from ``first`` to ``cap`` seconds.

    A wait that Teams asks for is obeyed even if it ends after ``total``; the try that follows it is then the last.
    Someone in the middle of a chat is tried every ``active_every`` seconds, for ``active_for`` seconds at most.
    """

    tries: int = 30
    first: float = 1.0
    cap: float = 60.0
    total: float = 3600.0
    active_every: float = 60.0
    active_for: float = 3600.0


def backoff(previous: float | None, random: float, policy: RetryPolicy) -> float:
    """Seconds to wait (decorrelated jitter): between ``first`` and three times the wait before, never over ``cap``.

    ``random`` is from 0 up to 1; ``previous`` is the wait before this one, None the first time.
    """
    ceiling = min(policy.cap, 3 * max(previous or 0.0, policy.first))
    return policy.first + random * max(ceiling - policy.first, 0.0)


def wait(after: float | None, previous: float | None, random: float, policy: RetryPolicy) -> timedelta:
    """How long to wait before the next try.

    ``after`` is Teams' own Retry-After in seconds: it is obeyed to the second, never earlier, and a wait of nothing is
    still ``first`` seconds long.
    """
    seconds = backoff(previous, random, policy) if after is None else min(max(after, policy.first), LONGEST_WAIT)
    return timedelta(seconds=seconds)


def exhausted(again: datetime, *, tries: int, first_try_at: datetime, policy: RetryPolicy) -> bool:
    """Whether a next try at ``again`` would be one too many, or too late; ``tries`` were refused so far."""
    return tries >= policy.tries or (again - first_try_at).total_seconds() > policy.total


def probe_after(halted_for: float) -> float:
    """Seconds until a halted sender is tried again: as long as it has been halted, from 30 s to 15 minutes."""
    return min(max(halted_for, 30.0), 900.0)
