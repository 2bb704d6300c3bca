"""Hands each request to Microsoft Graph to the part that answers it, measured and hit by faults as Teams' own are."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bellwire.simulator.graph import no
from bellwire.simulator.graph.applications import GraphApplications
from bellwire.simulator.graph.apps import GraphApps
from bellwire.simulator.graph.asked import Answer, GraphAsked
from bellwire.simulator.graph.no import GraphRefused
from bellwire.simulator.graph.people import GraphPeople
from bellwire.simulator.limits import Meter, Window

IDS = {"users": (1, 4), "groups": (1,)}
"""At which places of a path stand ids, by its first word."""
Perform = Callable[[GraphAsked], Answer]


@dataclass(frozen=True, slots=True)
class GraphLimits:
    """Requests per app and tenant (platform reference §6): installs, and reads of what Teams has to do with."""

    enforce: bool = True
    install: tuple[Window, ...] = (Window(30, 1),)
    read: tuple[Window, ...] = (Window(30, 1),)


@dataclass(slots=True)
class Gauge:
    """What was measured: requests by operation, and those that came although a window was full."""

    arrivals: dict[str, int] = field(default_factory=dict)
    exceeded: int = 0


class GraphDesk:
    """One operation at a time; nothing awaits."""

    def __init__(self, people: GraphPeople, apps: GraphApps, applications: GraphApplications) -> None:
        self.limits = GraphLimits()
        self.gauge = Gauge()
        self._meters: dict[tuple[str, str, str], Meter] = {}
        self._operations: dict[tuple[str, ...], tuple[str, Perform]] = {
            ("GET", "users"): ("look_up", people.some),
            ("GET", "users", "*"): ("look_up", people.one),
            ("GET", "groups", "*", "transitivemembers", "microsoft.graph.user"): ("members", people.members),
            ("GET", "appcatalogs", "teamsapps"): ("catalogue", apps.catalogue),
            ("POST", "users", "*", "teamwork", "installedapps"): ("install", apps.install),
            ("GET", "users", "*", "teamwork", "installedapps"): ("installs", apps.installs),
            ("GET", "users", "*", "teamwork", "installedapps", "*", "chat"): ("chat", apps.chat),
            ("GET", "applications(*)"): ("application", applications.one),
        }

    def operation(self, asked: GraphAsked) -> str:
        """Its name. Raises GraphRefused for an address that is not there."""
        return self._found(asked)[0]

    def perform(self, asked: GraphAsked) -> Answer:
        """Status, document and headers. Raises GraphRefused."""
        name, perform = self._found(asked)
        self.gauge.arrivals[name] = self.gauge.arrivals.get(name, 0) + 1
        self._measure(name, asked)
        return perform(asked)

    def change(self, limits: GraphLimits) -> None:
        """Other limits from now on; what was measured so far is forgotten."""
        self.limits = limits
        self._meters.clear()

    def clear(self) -> None:
        """Forget everything measured."""
        self.gauge = Gauge()
        self._meters.clear()

    def _found(self, asked: GraphAsked) -> tuple[str, Perform]:
        ids = IDS.get(asked.parts[0].lower(), ())
        shape = tuple("*" if index in ids else part.lower() for index, part in enumerate(asked.parts))
        if asked.application is not None:
            shape = ("applications(*)", *shape[1:])
        found = self._operations.get((asked.method, *shape))
        if found is None:
            raise GraphRefused(no.NO_SUCH_ADDRESS)
        return found

    def _measure(self, name: str, asked: GraphAsked) -> None:
        """Only what Teams serves is limited by the second; people and groups have wide budgets of their own."""
        kind = "install" if name == "install" else "read" if name in ("catalogue", "installs", "chat") else None
        if kind is None:
            return
        key = (asked.bot.app_id, asked.tenant_id, kind)
        windows: tuple[Window, ...] = getattr(self.limits, kind)
        meter = self._meters.setdefault(key, Meter(windows))
        now = time.monotonic()
        full = meter.full(now)
        if full is not None:
            self.gauge.exceeded += 1
            if self.limits.enforce:
                seconds = max(1, -int(-full[1] // 1))
                raise GraphRefused(no.THROTTLED.but(f"Too many requests: {full[0]}.", Retry_After=str(seconds)))
        meter.count(now)
