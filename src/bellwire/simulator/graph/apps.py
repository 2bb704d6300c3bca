"""The app catalogue, and installs of apps for people."""

from __future__ import annotations

import re
from collections.abc import Callable

from bellwire.simulator import naming
from bellwire.simulator.bot import Bot
from bellwire.simulator.graph import no
from bellwire.simulator.graph.asked import Answer, GraphAsked
from bellwire.simulator.graph.entra import (
    INSTALL_ANY,
    INSTALL_OWN,
    READ_CATALOGUE,
    READ_INSTALLS,
    CatalogueApp,
    Entra,
    installation_id,
)
from bellwire.simulator.graph.no import GraphRefused
from bellwire.simulator.graph.people import GraphPeople
from bellwire.simulator.person import Person
from bellwire.simulator.world import World

BY_EXTERNAL_ID = re.compile(r"(?:teamsApp/)?externalId eq '([^']*)'", re.IGNORECASE)
BIND = re.compile(r"https?://.+/v1\.0/appCatalogs/teamsApps/([^/]+)", re.IGNORECASE)


class GraphApps:
    """``installed`` is called after an install, for Teams to report it to the bot."""

    def __init__(
        self, world: World, entra: Entra, people: GraphPeople, installed: Callable[[Bot, Person], None]
    ) -> None:
        self._world = world
        self._entra = entra
        self._people = people
        self._installed = installed

    def catalogue(self, asked: GraphAsked) -> Answer:
        """GET /appCatalogs/teamsApps?$filter=externalId eq '...'."""
        self._need(asked, READ_CATALOGUE)
        wanted = BY_EXTERNAL_ID.fullmatch(asked.query.get("$filter", ""))
        if wanted is None:
            raise GraphRefused(no.BAD_FILTER)
        found = [
            {"id": app.id, "externalId": app.external_id, "displayName": app.name, "distributionMethod": "organization"}
            for app in self._entra.catalogue
            if app.tenant_id == asked.tenant_id and app.external_id == wanted[1]
        ]
        return 200, {"value": found}, {}

    def install(self, asked: GraphAsked) -> Answer:
        """POST /users/{id}/teamwork/installedApps."""
        roles = self._need(asked, INSTALL_OWN, INSTALL_ANY)
        person = self._people.named(asked, asked.parts[1])
        app = self._meant(asked)
        if INSTALL_ANY not in roles and app.app_id != asked.bot.app_id:
            raise GraphRefused(no.NOT_OWN_APP.but(no.NOT_OWN_APP.message.format(asked.bot.app_id, app.id)))
        bot = self._world.bots[app.app_id]
        presence = self._world.presence(bot, person)
        if self._world.forbids(bot, person) or not app.allowed:
            raise GraphRefused(no.POLICY)
        if presence.installed:
            raise GraphRefused(no.ALREADY_INSTALLED)
        presence.installed, presence.removed = True, False
        self._installed(bot, person)
        return 201, None, {}

    def installs(self, asked: GraphAsked) -> Answer:
        """GET /users/{id}/teamwork/installedApps, with the filter by the app's external id."""
        self._need(asked, READ_INSTALLS, INSTALL_OWN, INSTALL_ANY)
        person = self._people.named(asked, asked.parts[1])
        wanted = BY_EXTERNAL_ID.fullmatch(asked.query.get("$filter", ""))
        if wanted is None:
            raise GraphRefused(no.BAD_FILTER)
        found = [
            {"id": installation_id(person, app), "teamsApp": {"id": app.id, "externalId": app.external_id}}
            for app in self._entra.catalogue
            if app.tenant_id == asked.tenant_id
            and app.external_id == wanted[1]
            and self._world.presence(self._world.bots[app.app_id], person).installed
        ]
        return 200, {"value": found}, {}

    def chat(self, asked: GraphAsked) -> Answer:
        """GET /users/{id}/teamwork/installedApps/{installation}/chat: Graph's name of the chat, not Teams' own."""
        self._need(asked, READ_INSTALLS, INSTALL_OWN, INSTALL_ANY)
        person = self._people.named(asked, asked.parts[1])
        for app in self._entra.catalogue:
            bot = self._world.bots[app.app_id]
            if installation_id(person, app) == asked.parts[4] and self._world.presence(bot, person).installed:
                return 200, {"id": naming.graph_chat_id(person.aad_object_id, bot.app_id), "chatType": "oneOnOne"}, {}
        raise GraphRefused(no.NO_SUCH_ADDRESS)

    def _meant(self, asked: GraphAsked) -> CatalogueApp:
        bound = asked.body.get("teamsApp@odata.bind") if isinstance(asked.body, dict) else None
        match = BIND.fullmatch(bound) if isinstance(bound, str) else None
        if match is None:
            raise GraphRefused(no.BAD_REQUEST.but("teamsApp@odata.bind is missing or malformed."))
        for app in self._entra.catalogue:
            if app.id == match[1] and app.tenant_id == asked.tenant_id:
                return app
        raise GraphRefused(no.APP_NOT_FOUND.but(no.APP_NOT_FOUND.message.format(match[1])))

    def _need(self, asked: GraphAsked, *any_of: str) -> frozenset[str]:
        roles = self._entra.consented(asked.bot, asked.tenant_id)
        if roles.isdisjoint(any_of):
            raise GraphRefused(no.NO_ROLES.but(no.NO_ROLES.message.format(", ".join(any_of))))
        return roles
