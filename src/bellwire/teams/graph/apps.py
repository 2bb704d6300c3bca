"""Installing the app for a person, and asking for the chat that an install made."""

from __future__ import annotations

import asyncio
import time
from typing import Final
from urllib.parse import quote

from bellwire.model.directory import Refused
from bellwire.model.outcome import Installed, Outcome, Retry, Scope, Undeliverable
from bellwire.model.reason import Reason
from bellwire.model.surface import is_graph_chat_id
from bellwire.teams.graph.failures import About, GraphUnavailable, Passing
from bellwire.teams.graph.wire import Ask, GraphWire, Told

KEEP_FOR: Final = 600.0
"""Seconds for which the catalogue's answer is kept."""


class GraphApps:
    """One sender's app. ``external_id`` is the manifest's id, by which every tenant's catalogue knows it."""

    def __init__(self, wire: GraphWire, external_id: str) -> None:
        self._wire = wire
        self._external_id = external_id
        self._ids: dict[str, tuple[str, float]] = {}
        self._asking = asyncio.Lock()

    async def install(self, tenant_id: str, aad_object_id: str) -> Outcome:
        """Install the app in the person's personal scope; that it is there already is success (409).

        https://learn.microsoft.com/graph/api/userteamwork-post-installedapps
        """
        try:
            app = await self.catalogue_id(tenant_id)
        except GraphUnavailable as failure:
            return _retry(failure.passing)
        if isinstance(app, Refused):
            return _undeliverable(app)
        bind = {"teamsApp@odata.bind": f"{self._wire.base}/appCatalogs/teamsApps/{app}"}
        path = f"/users/{quote(aad_object_id, safe='')}/teamwork/installedApps"
        reply = await self._wire.once(tenant_id, Ask("POST", path, About.INSTALL, bind))
        if isinstance(reply, Told):
            return Installed(already=False)
        if isinstance(reply, Passing):
            return _retry(reply)
        if reply.status == 409:
            return Installed(already=True)
        if reply.status == 404:
            self._ids.pop(tenant_id, None)
        return _undeliverable(reply)

    async def catalogue_id(self, tenant_id: str) -> str | Refused:
        """The app's id in the tenant's catalogue, which is not the manifest's.

        Raises:
            GraphUnavailable: Graph does not answer, or asks to come back later.
        """
        async with self._asking:
            known = self._ids.get(tenant_id)
            if known is not None and time.monotonic() < known[1]:
                return known[0]
            wanted = quote(f"externalId eq '{self._external_id}'", safe="'")
            reply = await self._wire.ask(
                tenant_id, Ask("GET", f"/appCatalogs/teamsApps?$filter={wanted}", About.INSTALL)
            )
            if isinstance(reply, Refused):
                return reply
            ids = [each["id"] for each in reply.listed if isinstance(each.get("id"), str)]
            if not ids:
                return Refused(Reason.NOT_IN_CATALOGUE, reply.status, "not_in_catalogue")
            self._ids[tenant_id] = ids[0], time.monotonic() + KEEP_FOR
            return str(ids[0])

    async def chat(self, tenant_id: str, aad_object_id: str) -> str | None:
        """Graph's name of the person's chat with the app; None if Graph does not tell, or does not answer.

        https://learn.microsoft.com/graph/api/userscopeteamsappinstallation-get-chat
        """
        person = f"/users/{quote(aad_object_id, safe='')}/teamwork/installedApps"
        wanted = quote(f"teamsApp/externalId eq '{self._external_id}'", safe="'/")
        installed = await self._wire.once(
            tenant_id, Ask("GET", f"{person}?$expand=teamsApp&$filter={wanted}", About.INSTALL)
        )
        ids = [each.get("id") for each in installed.listed] if isinstance(installed, Told) else []
        if not ids or not isinstance(ids[0], str):
            return None
        reply = await self._wire.once(tenant_id, Ask("GET", f"{person}/{quote(ids[0], safe='')}/chat", About.INSTALL))
        chat = reply.document.get("id") if isinstance(reply, Told) else None
        return chat if isinstance(chat, str) and is_graph_chat_id(chat) else None


def _retry(passing: Passing) -> Retry:
    """Only a throttling concerns other installs."""
    return Retry(passing.status, passing.code, passing.after, Scope.INSTALLS if passing.status == 429 else None)


def _undeliverable(refused: Refused) -> Undeliverable:
    return Undeliverable(refused.reason, refused.status, refused.code)
