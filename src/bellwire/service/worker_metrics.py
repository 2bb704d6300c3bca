"""What the worker of this process tells Prometheus: read when it is asked for, so that the engine pays nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from heapq import nlargest
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bellwire.delivery.tally import Standing
from bellwire.delivery.worker import Worker

FULL: Final = 0.9
"""The share of its pace from which a lane counts as running at its limit."""


class WorkerMetrics(Collector):
    """Lanes, endings and rescues. The ``tenants`` busiest tenants are named; none by default."""

    def __init__(self, worker: Worker, tenants: int) -> None:
        self._worker = worker
        self._tenants = tenants

    def collect(self) -> Iterator[Metric]:
        """Everything, as it is now."""
        standings = self._worker.standings()
        yield self._lanes(standings)
        yield self._pace(standings)
        yield self._changes()
        yield self._endings()
        rescued = CounterMetricFamily("bellwire_rescued", "Deliveries rescued from dead workers by this one.")
        rescued.add_metric([], self._worker.tally.rescued)
        yield rescued

    def _lanes(self, standings: list[Standing]) -> Metric:
        lanes = GaugeMetricFamily(
            "bellwire_lanes",
            "Tenants that this worker sends to, by how much of their pace is used.",
            labels=["sender", "pace"],
        )
        for (sender, pace), number in sorted(Counter((each.sender, _pace(each.used)) for each in standings).items()):
            lanes.add_metric([sender, pace], number)
        return lanes

    def _pace(self, standings: list[Standing]) -> Metric:
        used = GaugeMetricFamily(
            "bellwire_pace_used",
            "The share of the pace that is used, of the busiest tenants of this worker.",
            labels=["sender", "tenant"],
        )
        for each in nlargest(self._tenants, standings, key=lambda each: each.used):
            used.add_metric([each.sender, each.tenant_id], each.used)
        return used

    def _changes(self) -> Metric:
        changes = CounterMetricFamily(
            "bellwire_lane_changes", "Tenants that this worker took over, and lost.", labels=["change"]
        )
        opened, closed = self._worker.lane_changes
        changes.add_metric(["gained"], opened)
        changes.add_metric(["lost"], closed)
        return changes

    def _endings(self) -> Metric:
        endings = CounterMetricFamily(
            "bellwire_endings",
            "Deliveries that ended in this worker's hands, with the reason.",
            labels=["sender", "state", "reason"],
        )
        for ended, number in self._worker.tally.ended.items():
            endings.add_metric([ended.sender, ended.state.value, ended.reason or ""], number)
        return endings


def _pace(used: float) -> str:
    return "idle" if used <= 0 else "below_half" if used < 0.5 else "above_half" if used < FULL else "full"
