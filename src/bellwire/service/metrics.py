"""What the service counts of its own work, and what the books say, as Prometheus reads it.

Labels hold senders, states, outcomes and codes; never a tenant, a person or a word of a message.
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
from bellwire.model.callback import Health, Reply
from bellwire.model.delivery import State
from bellwire.model.outcome import Outcome
from bellwire.model.posting import Posting
from bellwire.model.reason import Reason
from bellwire.model.surface import Classification
from bellwire.store import callbacks, deliveries, lanes
from bellwire.store.callbacks import Backlog, Callback
from bellwire.store.database import Database

LONGEST_CODE: Final = 60
MOST_SERIES: Final = 1_000
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
        self._deliveries = Gauge(
            "bellwire_deliveries", "Deliveries in each state, of all processes.", ["state"], registry=registry
        )
        self._halted = Gauge(
            "bellwire_sender_halted", "1 for a sender that cannot send.", ["sender", "reason"], registry=registry
        )
        self._paused = Gauge(
            "bellwire_paused_tenants", "Tenants in which a sender has to wait.", ["sender"], registry=registry
        )
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
        counts, standstills, known, backlogs = await self._database.read(partial(_stored, now=self._clock()))
        for state, number in counts.items():
            self._deliveries.labels(state.value).set(number)
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


def _stored(
    conn: Connection, now: datetime
) -> tuple[dict[State, int], list[lanes.Standstill], list[Callback], list[Backlog]]:
    known, backlogs = callbacks.every(conn), callbacks.backlogs(conn)
    return deliveries.counts(conn), lanes.standstills(conn, now), known, list(backlogs.values())
