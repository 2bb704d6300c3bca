"""App registrations, as Graph shows them to those who may read them."""

from __future__ import annotations

from typing import Any

from bellwire.simulator.clock import SimulatedClock
from bellwire.simulator.graph import no
from bellwire.simulator.graph.asked import Answer, GraphAsked
from bellwire.simulator.graph.entra import READ_APPLICATIONS, ClientSecret, Entra
from bellwire.simulator.graph.no import GraphRefused
from bellwire.simulator.world import World


class GraphApplications:
    """GET /applications(appId='...'): https://learn.microsoft.com/graph/api/application-get"""

    def __init__(self, world: World, entra: Entra, clock: SimulatedClock) -> None:
        self._world = world
        self._entra = entra
        self._clock = clock

    def one(self, asked: GraphAsked) -> Answer:
        """An application object is in its home tenant alone."""
        if READ_APPLICATIONS not in self._entra.consented(asked.bot, asked.tenant_id):
            raise GraphRefused(no.NO_PRIVILEGES)
        app_id = asked.application or ""
        bot = self._world.bots.get(app_id.lower())
        if bot is None or bot.tenant_id != asked.tenant_id:
            raise GraphRefused(no.USER_NOT_FOUND.but(no.USER_NOT_FOUND.message.format(app_id)))
        whole = {
            "appId": bot.app_id,
            "displayName": bot.name,
            "passwordCredentials": [_view(each) for each in self._entra.secrets(bot, self._clock.now())],
            "keyCredentials": [],
        }
        wanted = asked.query.get("$select")
        names = wanted.split(",") if wanted else list(whole)
        return 200, {name: whole[name] for name in names if name in whole}, {}


def _view(secret: ClientSecret) -> dict[str, Any]:
    """https://learn.microsoft.com/graph/api/resources/passwordcredential"""
    return {
        "customKeyIdentifier": None,
        "displayName": secret.name,
        "endDateTime": f"{secret.ends_at:%Y-%m-%dT%H:%M:%SZ}",
        "hint": secret.hint,
        "keyId": secret.id,
        "secretText": None,
    }
