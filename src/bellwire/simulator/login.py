"""The login service: access tokens for bots (Entra), and the keys that inbound tokens are signed with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web

from bellwire.simulator import naming
from bellwire.simulator.bot import Bot
from bellwire.simulator.clock import SimulatedClock
from bellwire.simulator.grants import Grants
from bellwire.simulator.signing import Signer
from bellwire.simulator.world import World

BOT_AUDIENCE = "https://api.botframework.com"
MULTI_TENANT = ("botframework.com", "common", "organizations")


class Login:
    """Answers for ``{tenant}/oauth2/v2.0/token``, the OpenID metadata and the key set."""

    def __init__(self, world: World, clock: SimulatedClock, grants: Grants, signer: Signer) -> None:
        self._world = world
        self._clock = clock
        self._grants = grants
        self._signer = signer
        self.scopes = {f"{BOT_AUDIENCE}/.default"}
        self.base_url = ""
        self.tokens_given = 0
        self.key_sets_read = 0

    async def token(self, request: web.Request) -> web.Response:
        """Client credentials only."""
        form = await request.post()
        given = {name: value for name, value in form.items() if isinstance(value, str)}
        refusal = self._objection(request.match_info["tenant"], given)
        if refusal is not None:
            return refusal
        bot = self._world.bots[given["client_id"].lower()]
        token = self._grants.give(bot, given["scope"].removesuffix("/.default"), self._clock.now())
        self.tokens_given += 1
        lifetime = int(self._grants.lifetime)
        answer = {"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": token}
        return _json(200, answer)

    def _objection(self, tenant: str, given: Mapping[str, str]) -> web.Response | None:
        if given.get("grant_type") != "client_credentials":
            return self._error(400, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant.")
        bot = self._world.bots.get(given.get("client_id", "").lower())
        if bot is None:
            return self._error(400, "unauthorized_client", "AADSTS700016: Application was not found in the directory.")
        if not _is_home(tenant, bot):
            return self._error(400, "invalid_request", "AADSTS90002: Tenant not found.")
        if given.get("client_secret") != bot.secret:
            return self._error(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
        if given.get("scope") not in self.scopes:
            return self._error(400, "invalid_scope", "AADSTS70011: The provided value for scope is not valid.")
        return None

    def _error(self, status: int, error: str, description: str) -> web.Response:
        now = self._clock.now().strftime("%Y-%m-%d %H:%M:%SZ")
        trace = {"timestamp": now, "trace_id": naming.guid(), "correlation_id": naming.guid()}
        return _json(status, {"error": error, "error_description": description, **trace})

    async def metadata(self, _request: web.Request) -> web.Response:
        """The OpenID document of the Bot Connector."""
        document = {
            "issuer": self._signer.issuer,
            "authorization_endpoint": "https://invalid.botframework.com",
            "jwks_uri": f"{self.base_url}/v1/.well-known/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        }
        return _json(200, document)

    async def keys(self, _request: web.Request) -> web.Response:
        """The key set, each key with the channels that it is endorsed for."""
        self.key_sets_read += 1
        return _json(200, {"keys": [key.jwk for key in self._signer.published]})


def _is_home(tenant: str, bot: Bot) -> bool:
    return tenant.lower() in (bot.tenant_id, *MULTI_TENANT)


def _json(status: int, document: dict[str, Any]) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(document), content_type="application/json")
