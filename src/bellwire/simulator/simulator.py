"""A Microsoft Teams to run against: real HTTP on a real port, and every rule that the real one has."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from types import TracebackType

from aiohttp import web

from bellwire.simulator import naming
from bellwire.simulator.actor import Actor
from bellwire.simulator.bot import Bot
from bellwire.simulator.connector import LARGEST_BODY
from bellwire.simulator.limits import Limits
from bellwire.simulator.person import Person
from bellwire.simulator.teams import Teams


class Simulator(Teams):
    """``async with Simulator() as sim`` serves until the block ends.

    ``port`` 0 takes a free one; with ``tls`` the addresses are https. ``sim.settings()`` are the environment variables
    that point a Bellwire at it, ``sim.bot_endpoint`` is where that Bellwire's bot endpoint answers.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        bot: Bot | None = None,
        limits: Limits | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(bot or Bot(), limits or Limits())
        self.host = host
        self.port = port
        self._tls = tls
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The base of all addresses, without a slash at the end."""
        return f"{'https' if self._tls else 'http'}://{self.host}:{self.port}"

    @property
    def bot(self) -> Bot:
        """The bot that is registered from the start."""
        return self.world.bot

    @property
    def bot_endpoint(self) -> str | None:
        return self.bot.endpoint

    @bot_endpoint.setter
    def bot_endpoint(self, url: str | None) -> None:
        self.bot.endpoint = url

    async def __aenter__(self) -> Simulator:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Binds the port and serves."""
        self._runner = web.AppRunner(self._application(), access_log=None, handle_signals=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port, ssl_context=self._tls, backlog=1024)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._know_own_address()
        await self.courier.start()

    async def close(self) -> None:
        """Stops serving; open connections are closed."""
        await self.courier.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def serve(self, until: asyncio.Event, ready: Callable[[], None] = lambda: None) -> None:
        """Serves until the event is set; ``ready`` is called once the port is bound."""
        async with self:
            ready()
            await until.wait()

    def settings(self, sender: str = "alerts", bot: Bot | None = None) -> dict[str, str]:
        """The environment variables that make a Bellwire use this simulator as its Teams."""
        bot = bot or self.bot
        own = f"BELLWIRE_SENDERS__{sender.upper()}__"
        cloud = "BELLWIRE_CLOUD__"
        return {
            f"{cloud}NAME": "custom",
            f"{cloud}LOGIN_URL": f"{self.url}/login",
            f"{cloud}OPENID_METADATA_URL": f"{self.url}/v1/.well-known/openidconfiguration",
            f"{cloud}TOKEN_ISSUER": self.signer.issuer,
            f"{cloud}BOT_SCOPE": f"{self.connector.audience}/.default",
            f"{cloud}GRAPH_URL": f"{self.url}/graph",
            f"{cloud}SERVICE_HOSTS": f"{self.host}:{self.port}",
            f"{own}KIND": "bot",
            f"{own}APP_ID": bot.app_id,
            f"{own}TENANT_ID": bot.tenant_id,
            f"{own}CLIENT_SECRET": bot.secret,
        }

    def person(
        self,
        name: str,
        *,
        upn: str | None = None,
        aad_object_id: str | None = None,
        tenant_id: str | None = None,
        bot: Bot | None = None,
    ) -> Actor:
        """A new person of the bot's tenant (or another), who has nothing to do with the bot yet."""
        address = upn or f"{name.lower().replace(' ', '.')}@contoso.example"
        person = Person(
            aad_object_id=(aad_object_id or naming.guid()).lower(),
            tenant_id=(tenant_id or self.bot.tenant_id).lower(),
            name=name,
            upn=address,
            email=address,
        )
        self.world.add_person(person)
        self.events.happened("person", lambda: {"person": person.aad_object_id})
        return self.actor(person.aad_object_id, bot)

    def actor(self, aad_object_id: str, bot: Bot | None = None) -> Actor:
        """Someone who exists already. Raises KeyError."""
        return Actor(self, self.world.people[aad_object_id.lower()], bot or self.bot)

    def _know_own_address(self) -> None:
        self.login.base_url = self.regions.base_url = self.url

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=LARGEST_BODY)
        application.router.add_post("/login/{tenant}/oauth2/v2.0/token", self.login.token)
        application.router.add_get("/v1/.well-known/openidconfiguration", self.login.metadata)
        application.router.add_get("/v1/.well-known/keys", self.login.keys)
        application.router.add_route("*", "/{region}/{rest:.*}", self.connector.answer)
        return application
