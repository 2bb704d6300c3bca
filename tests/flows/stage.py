"""A service that sends by a flow, and the simulated Power Automate that runs it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from bellwire.cli.packaged_flow import packaged_flow
from bellwire.model.delivery import State
from bellwire.simulator import Bot, Flow, Simulator
from tests.support.service import Json, Running, running

SENDER = "studio"


@dataclass
class Stage:
    """The service, the flow, and people who have its agent or have it not."""

    service: Running
    flow: Flow

    @property
    def teams(self) -> Simulator:
        """Teams and Power Automate."""
        return self.service.teams

    def person(self, name: str, *, agent: bool = True, chatting: bool = False) -> str:
        """Somebody's object id."""
        actor = self.teams.person(name)
        if agent:
            actor.get_agent()
        if chatting:
            actor.talk_to_agent("One moment")
        return actor.aad_object_id

    async def send(self, person: str, text: str | None = "Hello, from the flow", **terms: Any) -> Json:
        """Have a message accepted."""
        body = {"to": {"aad_object_id": person}, "sender": SENDER, **({"text": text} if text else {}), **terms}
        reply = await self.service.call("POST", "/v1/messages", body)
        assert reply.status == 202, reply.body
        return dict(reply.body)

    async def delivery(self, accepted: Json) -> Json:
        """The delivery as it is."""
        return dict((await self.service.call("GET", f"/v1/deliveries/{accepted['id']}")).body)

    async def recorded(self, accepted: Json, *states: State) -> Json:
        """The delivery as soon as it is in one of these states; in a final one if none is named."""
        heard = self.service.worker.signals.recorded.listen()
        while True:
            found = await self.delivery(accepted)
            if found["state"] in states or (not states and found["final"]):
                return found
            await heard.get()

    async def ended(self, person: str, text: str | None = "Hello, from the flow", **terms: Any) -> Json:
        """Send, and wait for the end."""
        return await self.recorded(await self.send(person, text, **terms))


@contextlib.asynccontextmanager
async def stage(
    url: str, *, bot: Bot | None = None, flow: Flow | None = None, environment: dict[str, str] | None = None
) -> AsyncIterator[Stage]:
    """The service and the flow host, for as long as the block runs. Beside the flow there is the bot ``alerts``.

    Unless another one is given, the flow is the package's, run by its own definition.
    """
    async with Simulator(bot=bot) as teams:
        flow = teams.flows.add(flow or packaged_flow(teams.bot))
        fast = {f"BELLWIRE_SENDERS__{SENDER.upper()}__PER_MINUTE": "60000"}
        own = {**teams.flows.settings(SENDER, flow, teams.url), **fast}
        async with running(url, teams=teams, environment={**own, **(environment or {})}) as service:
            yield Stage(service, flow)
