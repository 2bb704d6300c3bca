"""The real bot endpoint of the real service over real HTTP, with keys that it trusts."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import aiohttp
import orjson

from bellwire.app import Bellwire
from bellwire.config import Settings
from bellwire.simulator.signing import Flaw
from bellwire.web.app import create_app
from bellwire.web.server import serving
from tests.support.activities import SERVICE_URL
from tests.support.trusted import KeyService, key_service


@dataclass(frozen=True)
class Reply:
    """What the endpoint answered."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return orjson.loads(self.content)


@dataclass(frozen=True)
class Endpoint:
    """Posts to it as the Bot Connector does, or as somebody worse."""

    url: str
    keys: KeyService
    bellwire: Bellwire
    session: aiohttp.ClientSession

    async def post(self, activity: Any, flaw: Flaw | None = None, service_url: str = SERVICE_URL) -> Reply:
        """An activity, with a token that is good or has one flaw."""
        return await self.send(orjson.dumps(activity), self.keys.authorization(flaw, service_url))

    async def send(self, body: Any, headers: Mapping[str, str]) -> Reply:
        """Any body with any headers."""
        sent = {"Content-Type": "application/json"} | dict(headers)
        data = BytesIO(body) if isinstance(body, bytes) else body  # aiohttp warns of large plain bytes
        async with self.session.post(f"{self.url}/api/messages", data=data, headers=sent) as answer:
            return Reply(answer.status, answer.headers, await answer.read())


@contextlib.asynccontextmanager
async def endpoint(database_url: str) -> AsyncIterator[Endpoint]:
    """One that runs within the block; nothing is sent from it."""
    async with contextlib.AsyncExitStack() as stack:
        keys = await stack.enter_async_context(key_service())
        bellwire = await stack.enter_async_context(Bellwire.open(Settings(**keys.settings(database_url)), work=False))
        url = await stack.enter_async_context(serving(create_app(bellwire)))
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)))
        yield Endpoint(url, keys, bellwire, session)
