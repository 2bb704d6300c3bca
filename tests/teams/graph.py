"""One sender's way to the simulated Graph."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bellwire.net import open_session
from bellwire.simulator import Simulator
from bellwire.teams.clouds import custom
from bellwire.teams.credentials import Registration
from bellwire.teams.graph.apps import GraphApps
from bellwire.teams.graph.people import GraphPeople
from bellwire.teams.graph.tokens import GraphTokens
from bellwire.teams.graph.wire import GraphWire


@dataclass
class Graph:
    """What is tested, and the seconds that it waited, without waiting."""

    sim: Simulator
    people: GraphPeople
    apps: GraphApps
    pauses: list[float] = field(default_factory=list)

    @property
    def tenant(self) -> str:
        """The bot's own tenant."""
        return self.sim.bot.tenant_id


@asynccontextmanager
async def asking(sim: Simulator, *, secret: str | None = None) -> AsyncIterator[Graph]:
    """Graph, for as long as the block runs."""
    cloud = custom(
        login_url=f"{sim.url}/login",
        openid_metadata_url=sim.url,
        service_hosts=["127.0.0.1"],
        graph_url=f"{sim.url}/graph",
    )
    registration = Registration(sender="alerts", app_id=sim.bot.app_id, client_secret=secret or sim.bot.secret)
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    def clock() -> datetime:
        return datetime.now(UTC)

    async with open_session(timeout=5) as session:
        tokens = GraphTokens(registration, cloud, session, clock=clock)
        wire = GraphWire(session, f"{sim.url}/graph", tokens, clock=clock, pause=pause)
        yield Graph(sim, GraphPeople(wire), GraphApps(wire, sim.bot.app_id), pauses)
        await tokens.close()
