"""A simulated Teams that keeps every byte that a bot sends it."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler

from bellwire.simulator import Simulator


@dataclass(frozen=True)
class Sent:
    """One request of a bot to the Bot Connector."""

    method: str
    path: str
    content_type: str
    body: bytes


class RecordingTeams(Simulator):
    """As the simulator, with ``sent``: what bots sent to the Bot Connector, in order."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        super().__init__()

    async def __aenter__(self) -> RecordingTeams:
        await self.start()
        return self

    def _application(self) -> web.Application:
        application = super()._application()
        application.middlewares.append(self._record)
        return application

    @web.middleware
    async def _record(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if "/v3/conversations" in request.path:
            content_type = request.headers.get("Content-Type", "")
            self.sent.append(Sent(request.method, request.raw_path, content_type, await request.read()))
        return await handler(request)
