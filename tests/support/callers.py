"""Callers of a service that may be killed at any moment: they do not give up, and remember what was promised."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, Protocol

import aiohttp

from bellwire.model.delivery import OnUnknown
from bellwire.simulator import Simulator
from bellwire.simulator.actor import Actor

PATIENCE: Final = 60.0


class Door(Protocol):
    """Where callers knock."""

    async def url(self) -> str:
        """Where a living service answers, as soon as one does."""


@dataclass
class Callers:
    """Callers who repeat a call with its Idempotency-Key until they are answered, whatever happens to the service."""

    door: Door
    teams: Simulator
    key: str
    people: list[Actor]
    random: Random
    seed: int
    ahead: int = 200
    number: int = 6
    promised: dict[str, str] = field(default_factory=dict)
    repeated: int = 0
    enough: bool = False
    _number: int = 0

    async def call(self, session: aiohttp.ClientSession) -> None:
        """One caller: message after message, until it is enough; never far ahead of what Teams got already."""
        while not self.enough:
            await self.teams.ledger.wait_for(len(self.promised) - self.ahead, PATIENCE)
            await self.send(session)

    async def send(self, session: aiohttp.ClientSession) -> None:
        """One message, until it is accepted."""
        self._number += 1
        text = f"crash {self.seed} message {self._number:06d}"
        person = self.random.choice(self.people)
        body = {
            "to": {"aad_object_id": person.aad_object_id, "tenant_id": person.tenant_id},
            "text": text,
            "on_unknown": list(OnUnknown)[self._number % 2],
        }
        while (accepted := await self._try(session, text, body)) is None:
            self.repeated += 1
        self.promised[text] = accepted

    async def _try(self, session: aiohttp.ClientSession, text: str, body: dict[str, Any]) -> str | None:
        headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": text.replace(" ", "-")}
        url = await self.door.url()
        try:
            async with session.post(f"{url}/v1/messages", json=body, headers=headers) as answer:
                said = await answer.json()
        except (aiohttp.ClientError, ConnectionError, TimeoutError, ValueError):
            return None
        if answer.status == 503:
            assert "Retry-After" in answer.headers
            return None
        assert answer.status == 202, said
        return str(said["id"])


@asynccontextmanager
async def calling(callers: Callers) -> AsyncIterator[None]:
    """They call for as long as the block runs; it ends when all of them have their answers."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session, asyncio.TaskGroup() as group:
        for _ in range(callers.number):
            group.create_task(callers.call(session))
        yield
        callers.enough = True
