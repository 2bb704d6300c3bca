"""Service URLs: which paths the Bot Connector answers under, and what became of those that moved away."""

from __future__ import annotations

from enum import StrEnum

from bellwire.simulator.person import Person
from bellwire.simulator.refusal import INVALID_BOT_API_HOST, NO_SUCH_OPERATION, Refused


class Region(StrEnum):
    """How one region answers."""

    OPEN = "open"
    GONE = "gone"  # 404, and not even in the Bot Connector's words
    WRONG_HOST = "wrong_host"  # 403 InvalidBotApiHost


class Regions:
    """The first part of a service URL's path, by name. Unknown ones are gone."""

    def __init__(self, *names: str) -> None:
        self.base_url = ""
        self.states = dict.fromkeys(names, Region.OPEN)

    def check(self, name: str) -> None:
        """Raises Refused where the region does not answer."""
        state = self.states.get(name, Region.GONE)
        if state is Region.WRONG_HOST:
            raise Refused(INVALID_BOT_API_HOST)
        if state is Region.GONE:
            raise Refused(NO_SUCH_OPERATION)

    def service_url(self, person: Person) -> str:
        """What this person's activities carry as serviceUrl: with a path, and a slash at the end."""
        return f"{self.base_url}/{person.region}/{person.tenant_id}/"
