"""Installs the app for a list of people at Graph's pace, and says of each what became of it.

An install may be asked for twice without harm (409 is success), so whoever was under way when a process died is simply
asked for again: nobody is installed twice, and nobody is missing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from random import Random
from typing import Final, Protocol

from bellwire.model.outcome import Installed, Outcome, Retry, Undeliverable
from bellwire.model.pacing import TenantPace
from bellwire.model.reason import Reason
from bellwire.model.retry import RetryPolicy, backoff

AT_ONCE: Final = 64
MOST_TRIES: Final = 10


class InstallState(StrEnum):
    """How one install ended."""

    INSTALLED = "installed"
    ALREADY = "already"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class InstallResult:
    """What became of one person: ``FAILED`` may work another time, ``REFUSED`` not before something was changed."""

    aad_object_id: str
    state: InstallState
    reason: Reason | None = None
    code: str = ""


class Installer(Protocol):
    """Installs the app."""

    async def install(self, tenant_id: str, aad_object_id: str) -> Outcome:
        """Install it for one person, once. Whatever Graph answers is an Outcome, never an exception."""


class MassInstall:
    """One run over a list. ``told`` is called with every result, in the order in which they come."""

    def __init__(
        self, installer: Installer, tenant_id: str, told: Callable[[InstallResult], None], *, per_second: int
    ) -> None:
        self._installer = installer
        self._tenant_id = tenant_id
        self._told = told
        self._pace = TenantPace(per_second)
        self._random = Random()  # noqa: S311 - for waits, not for secrets
        self._paused_until = -inf
        self._settled = asyncio.Event()

    async def run(self, people: Iterable[str]) -> None:
        """Install for all of them; returns when each has its result."""
        waiting = deque(people)
        async with asyncio.TaskGroup() as group:
            for _ in range(min(AT_ONCE, len(waiting))):
                group.create_task(self._work(waiting))

    async def _work(self, waiting: deque[str]) -> None:
        while waiting:
            self._told(await self._one(waiting.popleft()))

    async def _one(self, person: str) -> InstallResult:
        waited: float | None = None
        for _ in range(MOST_TRIES):
            outcome = await self._paced(person)
            if isinstance(outcome, Installed):
                return InstallResult(person, InstallState.ALREADY if outcome.already else InstallState.INSTALLED)
            if isinstance(outcome, Undeliverable):
                return InstallResult(person, InstallState.REFUSED, outcome.reason, outcome.code)
            waited = await self._after(outcome, waited)
        return InstallResult(person, InstallState.FAILED, Reason.RETRIES_EXHAUSTED)

    async def _paced(self, person: str) -> Outcome:
        now = asyncio.get_running_loop().time
        while (opens := max(self._paused_until, self._pace.opens_at(now()))) > now():
            await self._until(opens)
        started = now()
        self._pace.start(started)
        try:
            return await self._installer.install(self._tenant_id, person)
        finally:
            self._pace.settle(started, now())
            self._settled.set()

    async def _until(self, moment: float) -> None:
        """Until then, or until an answer came if only that can open the pace."""
        if moment < inf:
            await asyncio.sleep(moment - asyncio.get_running_loop().time())
        else:
            self._settled.clear()
            await self._settled.wait()

    async def _after(self, outcome: Outcome, waited: float | None) -> float:
        """Wait before the next try; a throttling stops all of the run."""
        now = asyncio.get_running_loop().time()
        if isinstance(outcome, Retry) and outcome.after is not None:
            self._paused_until = max(self._paused_until, now + outcome.after)
            return outcome.after
        pause = backoff(waited, self._random.random(), RetryPolicy())
        await asyncio.sleep(pause)
        return pause
