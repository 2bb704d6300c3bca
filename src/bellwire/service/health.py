"""Whether the service can do its work, and if not, what keeps it from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from sqlalchemy import Connection

from bellwire.errors import StoreUnavailable
from bellwire.model.callback import Health as CallbackHealth
from bellwire.model.reason import EXPLANATIONS, Reason
from bellwire.store import callbacks, lanes
from bellwire.store.database import Database
from bellwire.store.lanes import Standstill


class Labourer(Protocol):
    """A worker, as far as its health is concerned."""

    @property
    def alive(self) -> bool:
        """Whether it is at work."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that the service needs. ``code`` and ``remedy`` are there if it is not well, or well and waits."""

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
    """Looks at the database, the worker of this process (if it has one), the senders and the callbacks.

    A halted sender is not well where there is a worker to send. A process that only answers is well all the same, or a
    balancer would take the bot endpoint and the API away with it. A sender that waits because Teams asked for it is
    well: it goes on by itself.
    """

    def __init__(self, database: Database, worker: Labourer | None = None, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._worker = worker
        self._clock = clock

    async def readiness(self) -> Readiness:
        """What is well and what is not; never raises for what it finds."""
        try:
            found, failing = await self._database.read(partial(_look, now=self._clock()))
        except StoreUnavailable as error:
            checks = [Check("database", False, error.code, error.detail, error.remedy)]
        else:
            checks = [
                Check("database", True),
                *_standing(found, sends=self._worker is not None),
                *_callbacks(failing),
            ]
        if self._worker is not None:
            checks.append(_work(self._worker))
        return Readiness(checks)


def _look(conn: Connection, now: datetime) -> tuple[Sequence[Standstill], int]:
    failing = sum(each.health is not CallbackHealth.WORKING for each in callbacks.every(conn))
    return lanes.standstills(conn, now), failing


def _callbacks(failing: int) -> Iterator[Check]:
    """A receiver that fails is no reason to take this service out of use: it is its owner's to mend."""
    if failing:
        yield Check(
            "callbacks",
            True,
            "callbacks_failing",
            f"{failing} callback(s) cannot be told what happened.",
            "See 'bellwire callbacks list' for which, since when, and what their receivers answer.",
        )


def _standing(found: Sequence[Standstill], *, sends: bool) -> Iterator[Check]:
    """One check for each sender and reason; how many tenants a pause concerns, and none by name."""
    groups: dict[tuple[str, Reason], list[datetime]] = {}
    for each in found:
        groups.setdefault((each.sender, each.reason), []).append(each.until)
    for (sender, reason), ends in sorted(groups.items()):
        fact, remedy, _ = EXPLANATIONS[reason]
        if reason is Reason.PAUSED:
            fact = f"{fact} This concerns {len(ends)} tenant(s), until {max(ends):%Y-%m-%dT%H:%M:%SZ} at the latest."
        yield Check(f"sender {sender}", reason is Reason.PAUSED or not sends, reason, fact, remedy)


def _work(worker: Labourer) -> Check:
    if worker.alive:
        return Check("worker", True)
    return Check(
        "worker", False, "worker_stopped", "The worker is not at work.", "Look into the log, then start again."
    )
