"""What the service counts of its own work, and what the books say, as Prometheus reads it.

Labels hold senders, states, outcomes and codes; never a person or a word of a message, and tenants only if asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache, partial
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from sqlalchemy import Connection

from bellwire.delivery.sender import Sender
from bellwire.delivery.worker import Worker
from bellwire.model.callback import Health, Reply
from bellwire.model.outcome import Outcome
from bellwire.model.posting import Posting
from bellwire.model.reason import Reason
from bellwire.model.surface import Classification
from bellwire.release import release
from bellwire.service.worker_metrics import WorkerMetrics
from bellwire.store import callbacks, gauges, lanes
from bellwire.store.callbacks import Backlog, Callback
from bellwire.store.database import Database
from bellwire.store.gauges import Gauges

LONGEST_CODE: Final = 60
MOST_SERIES: Final = 1_000
COMMIT_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
COMMIT_WRITES: Final = (1, 2, 5, 10, 25, 50, 100, 250, 512)
SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The counters of one process, and the numbers that are read from the database when they are asked for."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._activities = Counter(
            "bellwire_activities", "Activities captured by this process.", ["surface"], registry=registry
        )
        self._attempts = Counter(
            "bellwire_attempts",
            "Requests to Teams made by this process, with what became of them.",
            ["sender", "step", "outcome", "code"],
            registry=registry,
        )
        self._seconds = Histogram(
            "bellwire_attempt_seconds",
            "How long requests to Teams took.",
            ["sender", "step"],
            buckets=SECONDS,
            registry=registry,
        )
        # Finding a series by its labels costs more than counting in it.
        self._attempts_of = lru_cache(MOST_SERIES)(self._attempts.labels)
        self._seconds_of = lru_cache(MOST_SERIES)(self._seconds.labels)
        self._of_the_store(registry)
        self._of_the_process(registry)
        self._of_callbacks(registry)
        build = Gauge("bellwire_build_info", "Always 1.", ["version", "database"], registry=registry)
        build.labels(release(), database.dialect).set(1)
        database.overheard(self._committed)

    def watch(self, worker: Worker, tenants: int) -> None:
        """Tell of this worker too, and name that many of its busiest tenants."""
        self._registry.register(WorkerMetrics(worker, tenants))

    def late(self, seconds: float) -> None:
        """A timer of the event loop came so late."""
        self._lag.observe(seconds)

    def captured(self, classification: Classification) -> None:
        """One more activity."""
        self._activities.labels(classification.surface.value).inc()

    def attempted(self, sender: str, posting: Posting, outcome: Outcome, seconds: float) -> None:
        """One more request to Teams."""
        code = getattr(outcome, "code", "")[:LONGEST_CODE]
        self._attempts_of(sender, posting.step.value, type(outcome).__name__.lower(), code).inc()
        self._seconds_of(sender, posting.step.value).observe(seconds)

    def told(self, reply: Reply) -> None:
        """One more request to a receiver of callbacks."""
        self._callback_requests.labels(reply.value).inc()

    async def text(self) -> bytes:
        """All numbers in Prometheus' text format.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        now = self._clock()
        stored, standstills, known, backlogs = await self._database.read(partial(_stored, now=now))
        self._tell(stored, now)
        self._halted.clear()
        self._paused.clear()
        for each in standstills:
            if each.reason is Reason.PAUSED:
                self._paused.labels(each.sender).inc()
            else:
                self._halted.labels(each.sender, each.reason.value).set(1)
        for health in Health:
            self._callbacks.labels(health.value).set(sum(each.health is health for each in known))
        self._callback_events.labels("waiting").set(sum(each.waiting for each in backlogs))
        self._callback_events.labels("given_up").set(sum(each.given_up for each in backlogs))
        return generate_latest(self._registry)

    def _of_the_store(self, registry: CollectorRegistry) -> None:
        """What is read from the database, the same wherever it is asked."""
        self._deliveries = Gauge(
            "bellwire_deliveries", "Deliveries in each state, of all processes.", ["sender", "state"], registry=registry
        )
        self._oldest = Gauge(
            "bellwire_oldest_due_seconds",
            "For how long the oldest queued delivery has been due, of all processes.",
            ["sender"],
            registry=registry,
        )
        self._workers = Gauge("bellwire_workers", "Workers that have not stopped.", [], registry=registry)
        self._heartbeat = Gauge(
            "bellwire_heartbeat_age_seconds", "The oldest sign of life among these workers.", [], registry=registry
        )
        self._halted = Gauge(
            "bellwire_sender_halted", "1 for a sender that cannot send.", ["sender", "reason"], registry=registry
        )
        self._paused = Gauge(
            "bellwire_paused_tenants", "Tenants in which a sender has to wait.", ["sender"], registry=registry
        )

    def _of_callbacks(self, registry: CollectorRegistry) -> None:
        """What receivers were told."""
        self._callback_requests = Counter(
            "bellwire_callback_requests",
            "Requests to receivers of callbacks made by this process.",
            ["reply"],
            registry=registry,
        )
        self._callbacks = Gauge("bellwire_callbacks", "Callbacks, by how they fare.", ["health"], registry=registry)
        self._callback_events = Gauge(
            "bellwire_callback_events", "Events that callbacks were not told.", ["state"], registry=registry
        )

    def _of_the_process(self, registry: CollectorRegistry) -> None:
        """What this process measures of itself."""
        self._commits = Histogram(
            "bellwire_commit_seconds",
            "How long transactions that write took.",
            [],
            buckets=COMMIT_SECONDS,
            registry=registry,
        )
        self._grouped = Histogram(
            "bellwire_commit_writes",
            "How many writes were committed together.",
            [],
            buckets=COMMIT_WRITES,
            registry=registry,
        )
        self._lag = Histogram(
            "bellwire_loop_lag_seconds",
            "How late timers of the event loop came.",
            [],
            buckets=COMMIT_SECONDS,
            registry=registry,
        )

    def _tell(self, stored: Gauges, now: datetime) -> None:
        for (sender, state), number in stored.deliveries.items():
            self._deliveries.labels(sender, state.value).set(number)
            self._oldest.labels(sender).set(0)
        for sender, since in stored.due_since.items():
            self._oldest.labels(sender).set(max(0.0, (now - since).total_seconds()))
        self._workers.set(len(stored.heartbeats))
        self._heartbeat.set(max((now - beat).total_seconds() for beat in stored.heartbeats) if stored.heartbeats else 0)

    def _committed(self, writes: int, seconds: float) -> None:
        self._grouped.observe(writes)
        self._commits.observe(seconds)


class CountedSender:
    """A sender whose requests are counted."""

    def __init__(self, name: str, sender: Sender, metrics: Metrics) -> None:
        self._name = name
        self._sender = sender
        self._metrics = metrics

    @property
    def default_service_url(self) -> str:
        """As the sender says."""
        return self._sender.default_service_url

    @property
    def spare_service_url(self) -> str | None:
        """As the sender says."""
        return self._sender.spare_service_url

    async def send(self, posting: Posting) -> Outcome:
        """Send, and count."""
        began = time.monotonic()
        outcome = await self._sender.send(posting)
        self._metrics.attempted(self._name, posting, outcome, time.monotonic() - began)
        return outcome


def _stored(conn: Connection, now: datetime) -> tuple[Gauges, list[lanes.Standstill], list[Callback], list[Backlog]]:
    known, backlogs = callbacks.every(conn), callbacks.backlogs(conn)
    return gauges.read(conn), lanes.standstills(conn, now), known, list(backlogs.values())
