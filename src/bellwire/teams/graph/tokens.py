"""A sender's tokens for Microsoft Graph: one for each tenant, by the credentials that the bot has anyway."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from aiohttp import ClientSession

from bellwire.teams.clouds import Cloud
from bellwire.teams.credentials import Registration, credential
from bellwire.teams.tokens import TokenSource


class GraphTokens:
    """Tokens are asked for in the name of the person's tenant, since that is where consent is given.

    Raises:
        ConfigError: the registration cannot be used with this cloud.
    """

    def __init__(
        self, registration: Registration, cloud: Cloud, session: ClientSession, *, clock: Callable[[], datetime]
    ) -> None:
        self._registration = registration
        self._cloud = replace(cloud, bot_scope=f"{(cloud.graph_url or '').rstrip('/')}/.default")
        self._session = session
        self._clock = clock
        self._sources: dict[str, TokenSource] = {}

    async def token(self, tenant_id: str) -> str:
        """A token that holds.

        Raises:
            TokenFailure: there is none, and none can be had at present.
        """
        source = self._sources.get(tenant_id)
        if source is None:
            registration = replace(self._registration, tenant_id=tenant_id)
            fetch = credential(registration, self._cloud, self._session, clock=self._clock)
            source = self._sources[tenant_id] = TokenSource(fetch, clock=self._clock)
        return await source.token()

    def refused(self, tenant_id: str, token: str) -> None:
        """Graph answered 401 to this token: forget it, unless it was replaced meanwhile."""
        self._sources[tenant_id].refused(token)

    async def close(self) -> None:
        """Give up what is under way."""
        for source in self._sources.values():
            await source.close()
