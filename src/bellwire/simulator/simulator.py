"""A Microsoft Teams to run against: real HTTP on a real port, and every rule that the real one has."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Final

from aiohttp import web

from bellwire.simulator.bot import Bot
from bellwire.simulator.connector import LARGEST_BODY
from bellwire.simulator.control.routes import routes
from bellwire.simulator.flow import DIRECT, OLD
from bellwire.simulator.limits import Limits
from bellwire.simulator.playground import Playground

EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 - what it is told, not what it chooses
LOOPBACK: Final = "127.0.0.1"
STATIC = Path(__file__).with_name("static")
# Cards come from the bot under test: nothing in them may reach out of this page.
NOTHING_FOREIGN = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"


class Simulator(Playground):
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
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=0.5)
        self._site: web.TCPSite | None = None
        self.away: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Simulator:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Binds the port and serves."""
        await self._runner.setup()
        await self._listen()
        named = LOOPBACK if self.host in EVERYWHERE else self.host
        self.be_at(f"{'https' if self._tls else 'http'}://{named}:{self.port}")
        await self.courier.start()

    async def close(self) -> None:
        """Stops serving; open connections are closed, and what stalls is let go."""
        self.let_go()
        if self.away is not None:
            self.away.cancel()
        await self.courier.close()
        await self._runner.cleanup()

    async def serve(self, until: asyncio.Event, ready: Callable[[], None] = lambda: None) -> None:
        """Serves until the event is set; ``ready`` is called once the port is bound."""
        async with self:
            ready()
            await until.wait()

    @asynccontextmanager
    async def unreachable(self) -> AsyncIterator[None]:
        """Cuts every connection and refuses new ones, the control API's too; then serves again on the same port."""
        if self._site is not None:
            await self._site.stop()
        for connection in self._runner.server.connections if self._runner.server is not None else ():
            if connection.transport is not None:
                connection.transport.abort()
        try:
            yield
        finally:
            await self._listen()

    async def outage(self, seconds: float) -> None:
        """Is unreachable for so long."""
        async with self.unreachable():
            await asyncio.sleep(seconds)

    async def _listen(self) -> None:
        self._site = web.TCPSite(self._runner, self.host, self.port, ssl_context=self._tls, backlog=1024)
        await self._site.start()
        self.port = self._runner.addresses[0][1]

    async def _answer_outage(self, request: web.Request) -> web.Response:
        """POST /control/outage?seconds=1: the answer comes first, the outage right after it."""
        seconds = float(request.query.get("seconds", "1"))
        response = web.json_response({"seconds": seconds}, headers={"Connection": "close"})
        await response.prepare(request)
        await response.write_eof()
        self.away = asyncio.get_running_loop().create_task(self.outage(seconds))
        return response

    async def _page(self, _request: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "index.html", headers={"Content-Security-Policy": NOTHING_FOREIGN})

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=LARGEST_BODY)
        application.router.add_post("/login/{tenant}/oauth2/v2.0/token", self.login.token)
        application.router.add_get("/v1/.well-known/openidconfiguration", self.login.metadata)
        application.router.add_get("/v1/.well-known/keys", self.login.keys)
        application.router.add_post("/control/outage", self._answer_outage)
        application.router.add_routes(routes(self))
        application.router.add_get("/", self._page)
        application.router.add_static("/static", STATIC)
        application.router.add_route("*", r"/graph/v1.0/{rest:[\s\S]*}", self.graph_door.answer)
        for place in (DIRECT, OLD):
            application.router.add_post(f"/{place}/{{flow}}/triggers/manual/paths/invoke", self.flows.answer)
        application.router.add_route("*", r"/{region}/{rest:[\s\S]*}", self.connector.answer)
        return application
