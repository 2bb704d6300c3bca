"""A whole service on a real port, with a simulated Teams beside it on another."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import aiohttp

from bellwire.app import Bellwire, Clock
from bellwire.client import AsyncClient
from bellwire.config import Settings
from bellwire.delivery.worker import Worker
from bellwire.simulator import Simulator
from bellwire.web.app import create_app
from bellwire.web.server import serving

PREFIX: Final = "BELLWIRE_"

Json = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """What the service answered."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def code(self) -> str:
        """The problem's code."""
        return str(self.body["code"])


@dataclass(frozen=True)
class Running:
    """A running service, a client with a good key, and the Teams that it talks to."""

    bellwire: Bellwire
    teams: Simulator
    url: str
    key: str
    client: AsyncClient
    session: aiohttp.ClientSession

    @property
    def worker(self) -> Worker:
        """The worker of a service that works."""
        assert self.bellwire.worker is not None
        return self.bellwire.worker

    async def call(self, method: str, path: str, body: Any = None, **options: Any) -> Reply:
        """One request with the good key, unless ``headers`` bring another one."""
        headers = {"Authorization": f"Bearer {self.key}"} | options.pop("headers", {})
        if body is not None:
            options["json"] = body
        async with self.session.request(method, self.url + path, headers=headers, **options) as answer:
            kept = await answer.json() if "json" in answer.content_type else await answer.text()
            return Reply(answer.status, answer.headers, kept)


def settings_from(environment: Mapping[str, str], **more: Any) -> Settings:
    """The settings that these environment variables make, without touching the environment."""
    given: Json = {}
    for name, value in environment.items():
        *parts, last = name.removeprefix(PREFIX).lower().split("__")
        place = given
        for part in parts:
            place = place.setdefault(part, {})
        place[last] = value
    return Settings(**(given | more))


@contextlib.asynccontextmanager
async def running(
    database_url: str,
    *,
    work: bool = True,
    clock: Clock | None = None,
    teams: Simulator | None = None,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Running]:
    """Teams and the service, talking to each other, for as long as the block runs.

    Without ``work`` nothing is sent. ``environment`` adds to, or replaces, the variables that the simulator gives.
    """
    key = f"bw_{secrets.token_urlsafe(24)}"
    async with contextlib.AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(Simulator()) if teams is None else teams
        own = {"BELLWIRE_DATABASE_URL": database_url, "BELLWIRE_API_KEYS": key}
        settings = settings_from({**simulator.settings(), **own, **(environment or {})})
        bellwire = await stack.enter_async_context(Bellwire.open(settings, work=work, clock=clock))
        url = await stack.enter_async_context(serving(create_app(bellwire)))
        simulator.bot_endpoint = f"{url}/api/messages"
        client = await stack.enter_async_context(AsyncClient(url, key=key))
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)))
        yield Running(bellwire, simulator, url, key, client, session)


@dataclass
class HandClock:
    """A clock that stands still until it is moved."""

    now: datetime

    def __call__(self) -> datetime:
        """The time that it shows."""
        return self.now
