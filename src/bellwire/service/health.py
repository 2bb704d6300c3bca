"""Whether the service can do its work, and if not, what keeps it from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bellwire.errors import StoreUnavailable
from bellwire.model.reason import EXPLANATIONS
from bellwire.store import lanes
from bellwire.store.database import Database
from bellwire.store.lanes import Halted


class Labourer(Protocol):
    """A worker, as far as its health is concerned."""

    @property
    def alive(self) -> bool:
        """Whether it is at work."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that the service needs. ``code`` and ``remedy`` are there if it is not well."""

    name: str
    well: bool
    code: str | None = None
    detail: str | None = None
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class Readiness:
    """All checks together."""

    checks: Sequence[Check]

    @property
    def ready(self) -> bool:
        """Whether all is well."""
        return all(check.well for check in self.checks)


class Health:
    """Looks at the database, the worker of this process (if it has one) and the senders."""

    def __init__(self, database: Database, worker: Labourer | None = None) -> None:
        self._database = database
        self._worker = worker

    async def readiness(self) -> Readiness:
        """What is well and what is not; never raises for what it finds."""
        try:
            halted = await self._database.read(lanes.halted)
        except StoreUnavailable as error:
            checks = [Check("database", False, error.code, error.detail, error.remedy)]
        else:
            checks = [Check("database", True), *map(_halt, halted)]
        if self._worker is not None:
            checks.append(_work(self._worker))
        return Readiness(checks)


def _halt(halted: Halted) -> Check:
    fact, remedy, _ = EXPLANATIONS[halted.reason]
    return Check(f"sender {halted.sender}", False, halted.reason, fact, remedy)


def _work(worker: Labourer) -> Check:
    if worker.alive:
        return Check("worker", True)
    return Check(
        "worker", False, "worker_stopped", "The worker is not at work.", "Look into the log, then start again."
    )
