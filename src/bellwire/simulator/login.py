"""The login service: access tokens for bots (Entra), and the keys that inbound tokens are signed with."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import orjson
from aiohttp import web

from bellwire.simulator import naming
from bellwire.simulator.bot import Bot
from bellwire.simulator.chat import Json
from bellwire.simulator.clock import SimulatedClock
from bellwire.simulator.flow import AUDIENCE as FLOW_AUDIENCE
from bellwire.simulator.grants import BOT_AUDIENCE, Grants
from bellwire.simulator.graph.entra import Entra
from bellwire.simulator.player import Dropped, Hit, Player, cut
from bellwire.simulator.post import Done
from bellwire.simulator.refusal import Refused
from bellwire.simulator.script import Script
from bellwire.simulator.signing import Signer
from bellwire.simulator.world import World

MULTI_TENANT = ("botframework.com", "common", "organizations")


class Login:
    """Answers for ``{tenant}/oauth2/v2.0/token``, the OpenID metadata and the key set."""

    def __init__(
        self,
        world: World,
        clock: SimulatedClock,
        grants: Grants,
        entra: Entra,
        signer: Signer,
        script: Script,
        player: Player,
    ) -> None:
        self._world = world
        self._clock = clock
        self._grants = grants
        self._entra = entra
        self._signer = signer
        self._script = script
        self._player = player
        self.scopes = {f"{BOT_AUDIENCE}/.default", f"{FLOW_AUDIENCE}/.default"}
        self.graph_url = ""
        self.base_url = ""
        self.asked = {"token": 0, "metadata": 0, "keys": 0}

    async def token(self, request: web.Request) -> web.Response:
        """Client credentials only."""
        form = await request.post()
        given = {name: value for name, value in form.items() if isinstance(value, str)}
        return await self._serve("token", request, lambda: self._grant(request.match_info["tenant"], given))

    async def metadata(self, request: web.Request) -> web.Response:
        """The OpenID document of the Bot Connector."""
        return await self._serve("metadata", request, lambda: (200, self._described()))

    async def keys(self, request: web.Request) -> web.Response:
        """The key set, each key with the channels that it is endorsed for."""
        return await self._serve("keys", request, lambda: (200, {"keys": [key.jwk for key in self._signer.published]}))

    async def _serve(self, operation: str, request: web.Request, perform: Callable[[], Done]) -> web.Response:
        self.asked[operation] += 1
        fault = self._script.pick(operation, None, None)
        if fault is None:
            return _response(*perform())
        hit = Hit(operation, self._world.bot, None, None, None)
        try:
            played = await self._player.play(fault, hit, perform)
        except Refused as refused:
            refusal = refused.refusal
            error = self._error(refusal.status, "temporarily_unavailable", refusal.message)
            return _response(*error, refusal.headers)
        except Dropped:
            return cut(request)
        return _response(200, played) if isinstance(played, bytes) else _response(*played)

    def _grant(self, tenant: str, given: Mapping[str, str]) -> Done:
        objection = self._objection(tenant, given)
        if objection is not None:
            return objection
        bot = self._world.bots[given["client_id"].lower()]
        audience, home = given["scope"].removesuffix("/.default"), _home(tenant, bot)
        roles = self._entra.consented(bot, home) if audience == self.graph_url else ()
        token = self._grants.give(bot, audience, self._clock.now(), tenant_id=home, roles=roles)
        lifetime = int(self._grants.lifetime)
        answer = {"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": token}
        return 200, answer

    def _objection(self, tenant: str, given: Mapping[str, str]) -> Done | None:
        if given.get("grant_type") != "client_credentials":
            return self._error(400, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant.")
        bot = self._world.bots.get(given.get("client_id", "").lower())
        if bot is None:
            return self._error(400, "unauthorized_client", "AADSTS700016: Application was not found in the directory.")
        for_graph = given.get("scope") == f"{self.graph_url}/.default"
        if not (self._entra.knows(bot, _home(tenant, bot)) if for_graph else _is_home(tenant, bot)):
            return self._error(400, "invalid_request", "AADSTS90002: Tenant not found.")
        if given.get("client_secret") != bot.secret:
            return self._error(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
        if self._entra.secret_is_over(bot, self._clock.now()):
            return self._error(401, "invalid_client", "AADSTS7000222: The provided client secret keys are expired.")
        if not for_graph and given.get("scope") not in self.scopes:
            return self._error(400, "invalid_scope", "AADSTS70011: The provided value for scope is not valid.")
        return None

    def _error(self, status: int, error: str, description: str) -> tuple[int, Json]:
        now = self._clock.now().strftime("%Y-%m-%d %H:%M:%SZ")
        trace = {"timestamp": now, "trace_id": naming.guid(), "correlation_id": naming.guid()}
        return status, {"error": error, "error_description": description, **trace}

    def _described(self) -> Json:
        return {
            "issuer": self._signer.issuer,
            "authorization_endpoint": "https://invalid.botframework.com",
            "jwks_uri": f"{self.base_url}/v1/.well-known/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        }


def _home(tenant: str, bot: Bot) -> str:
    """In the name of which tenant the token is."""
    return bot.tenant_id if tenant.lower() in MULTI_TENANT else tenant.lower()


def _is_home(tenant: str, bot: Bot) -> bool:
    return tenant.lower() in (bot.tenant_id, *MULTI_TENANT)


def _response(status: int, document: object, headers: Mapping[str, str] | None = None) -> web.Response:
    body = document if isinstance(document, bytes) else orjson.dumps(document)
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)
