"""The parts of one simulated Teams, wired together. No HTTP server: that is ``simulator``."""

from __future__ import annotations

from bellwire.simulator.admission import Admission
from bellwire.simulator.agent_step import AgentStep
from bellwire.simulator.bot import Bot
from bellwire.simulator.clock import SimulatedClock
from bellwire.simulator.connector import Connector
from bellwire.simulator.courier import Courier
from bellwire.simulator.desk import Desk
from bellwire.simulator.events import Events
from bellwire.simulator.flow_host import FlowHost
from bellwire.simulator.grants import Grants
from bellwire.simulator.graph.applications import GraphApplications
from bellwire.simulator.graph.apps import GraphApps
from bellwire.simulator.graph.desk import GraphDesk
from bellwire.simulator.graph.door import GraphDoor
from bellwire.simulator.graph.entra import Entra
from bellwire.simulator.graph.people import GraphPeople
from bellwire.simulator.ledger import Ledger
from bellwire.simulator.limits import Gate, Limits
from bellwire.simulator.login import Login
from bellwire.simulator.naming import MessageIds
from bellwire.simulator.person import Person
from bellwire.simulator.player import Player
from bellwire.simulator.post import Post
from bellwire.simulator.regions import Regions
from bellwire.simulator.roster import Roster
from bellwire.simulator.rules import Rules
from bellwire.simulator.script import Script
from bellwire.simulator.signing import Signer
from bellwire.simulator.world import World

ISSUER = "https://botframework.simulator.invalid"
REGIONS = ("emea", "amer", "apac", "in", "teams")


class Teams:
    """One bot registration to begin with, nobody in it, and Teams' own limits."""

    def __init__(self, bot: Bot, limits: Limits) -> None:
        self.clock = SimulatedClock()
        self.events = Events()
        self.ids = MessageIds()
        self.world = World(bot)
        self.regions = Regions(*REGIONS)
        self.grants = Grants()
        self.signer = Signer(ISSUER)
        self.gate = Gate(limits)
        self.ledger = Ledger(self.events)
        self.rules = Rules(self.world)
        self.post = Post(self.world, self.rules, self.ledger, self.clock, self.ids)
        self.faults = Script()
        self.player = Player(self.clock, self.grants, self.ledger, self.faults, self.events)
        self.entra = Entra(self.world)
        self.login = Login(self.world, self.clock, self.grants, self.entra, self.signer, self.faults, self.player)
        self.courier = Courier(self.signer, self.clock, self.events)
        self.admission = Admission(self.world, self.grants, self.gate, self.clock)
        step = AgentStep(self.world, self.ledger, self.clock, self.ids)
        self.flows = FlowHost(self.clock, self.grants, self.ledger, self.faults, self.player, step)
        desk = Desk(self.world, self.post, Roster(self.world, self.rules))
        self.connector = Connector(
            self.regions, self.admission, desk, self.faults, self.player, self.ledger, self.clock
        )
        people = GraphPeople(self.world, self.entra)
        apps = GraphApps(self.world, self.entra, people, self._installed_by_graph)
        self.graph = GraphDesk(people, apps, GraphApplications(self.world, self.entra, self.clock))
        self.graph_door = GraphDoor(
            self.world, self.grants, self.graph, self.faults, self.player, self.ledger, self.clock
        )

    def _installed_by_graph(self, bot: Bot, person: Person) -> None:
        """What follows when Graph installed the app."""
