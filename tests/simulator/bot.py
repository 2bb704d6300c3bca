"""A bot in two halves: a client that sends and an endpoint that receives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson
from aiohttp import web

from bellwire.simulator import Simulator

Json = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """What the simulator answered."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])


@dataclass
class BotClient:
    """A bot that sends by plain REST, with a token that it asked for itself."""

    sim: Simulator
    session: aiohttp.ClientSession
    token: str | None = None

    async def sign_in(self, **changes: str) -> Reply:
        given = self.sim.settings()
        form = {
            "grant_type": "client_credentials",
            "client_id": given["BELLWIRE_SENDERS__ALERTS__APP_ID"],
            "client_secret": given["BELLWIRE_SENDERS__ALERTS__CLIENT_SECRET"],
            "scope": given["BELLWIRE_CLOUD__BOT_SCOPE"],
        }
        tenant = changes.pop("tenant", given["BELLWIRE_SENDERS__ALERTS__TENANT_ID"])
        url = f"{given['BELLWIRE_CLOUD__LOGIN_URL']}/{tenant}/oauth2/v2.0/token"
        async with self.session.post(url, data=form | changes) as answer:
            reply = Reply(answer.status, dict(answer.headers), await answer.json())
        if reply.status == 200:
            self.token = reply.body["access_token"]
        return reply

    async def call(self, method: str, path: str, body: Any = None, **options: Any) -> Reply:
        """One request to the Bot Connector; ``path`` follows ``v3/conversations``."""
        base = options.pop("service_url", f"{self.sim.url}/emea/{self.sim.bot.tenant_id}/")
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        headers |= options.pop("headers", {})
        data = body if isinstance(body, bytes) else None if body is None else orjson.dumps(body)
        url = f"{base}v3/conversations{path}"
        async with self.session.request(method, url, data=data, headers=headers, **options) as answer:
            raw = await answer.read()
            parsed = orjson.loads(raw) if raw and "json" in answer.content_type else raw or None
            return Reply(answer.status, dict(answer.headers), parsed)

    async def create(self, member: str, **more: Any) -> Reply:
        body = {"members": [{"id": member}], "tenantId": self.sim.bot.tenant_id}
        return await self.call("POST", "", body | more)

    async def send(self, conversation_id: str, text: str = "hello", **more: Any) -> Reply:
        body = {"type": "message", "text": text} | more
        return await self.call("POST", f"/{quote(conversation_id, safe='')}/activities", body)

    async def on_activity(self, method: str, conversation_id: str, activity_id: str, body: Json | None = None) -> Reply:
        path = f"/{quote(conversation_id, safe='')}/activities/{quote(activity_id, safe='')}"
        return await self.call(method, path, body)


@dataclass
class BotEndpoint:
    """A bot that receives: keeps every activity and its headers, and answers as it is told."""

    url: str = ""
    status: int = 200
    received: list[Json] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.received.append(await request.json())
        self.headers.append(dict(request.headers))
        return web.Response(status=self.status)

    def types(self) -> list[str]:
        return [activity["type"] for activity in self.received]
