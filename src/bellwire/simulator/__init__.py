"""A Teams to run against over real HTTP: login, Bot Connector, people, faults, a control API and a chat page."""

from bellwire.simulator import faults, variations
from bellwire.simulator.actor import Actor
from bellwire.simulator.bot import Bot
from bellwire.simulator.flow import Flow
from bellwire.simulator.gathering import Gathering
from bellwire.simulator.limits import Limits, Window
from bellwire.simulator.script import Storm
from bellwire.simulator.signing import Flaw
from bellwire.simulator.simulator import Simulator

__all__ = [
    "Actor",
    "Bot",
    "Flaw",
    "Flow",
    "Gathering",
    "Limits",
    "Simulator",
    "Storm",
    "Window",
    "faults",
    "variations",
]
