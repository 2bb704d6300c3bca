"""What the tests of reach do, and look at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from bellwire.client import Delivery
from bellwire.errors import Unreachable
from bellwire.simulator import Actor, Gathering
from tests.support.service import Running

TEXT: Final = "The build is green again."


@asynccontextmanager
async def roster_read(service: Running, team: Gathering) -> AsyncIterator[None]:
    """Return only after the team's roster was read, because of what the block does."""
    heard = service.worker.signals.roster.listen()
    yield
    while await asyncio.wait_for(heard.get(), 10) != team.id:
        pass


async def team_with_the_app(service: Running, *members: Actor) -> Gathering:
    """A team of these people that has the app, its roster read; the owner is somebody else who has the app too."""
    owner = service.teams.person("Olivia Owner")
    team = service.teams.team("Operations", owner, *members)
    async with roster_read(service, team):
        await team.install(by=owner)
    return team


async def send(service: Running, person: Actor, *, by: str = "aad_object_id", **terms: Any) -> Delivery:
    """A message to this person, named by one of their three names, to its end."""
    names = {"aad_object_id": person.aad_object_id, "upn": person.person.upn, "email": person.person.email}
    sent = await service.client.send(to={by: names[by]}, text=TEXT, **terms)
    return sent if sent.state == "waiting" else await ended(service, sent)


async def ended(service: Running, sent: Delivery) -> Delivery:
    """The delivery when it is over, or waits for the person."""
    recorded = service.worker.signals.recorded.listen()
    while (now := await service.client.delivery(sent.id)).state in ("queued", "sending"):
        await asyncio.wait_for(recorded.get(), 10)
    return now


async def refused(service: Running, person: Actor, *, by: str = "aad_object_id") -> Unreachable:
    """Why a message to this person is refused."""
    try:
        await send(service, person, by=by)
    except Unreachable as refusal:
        return refusal
    raise AssertionError("the message was taken")


def steps(delivery: Delivery) -> list[tuple[str, str | None]]:
    """What each attempt asked for, and what came of it."""
    return [(attempt.step, attempt.outcome) for attempt in delivery.attempts]


def said(person: Actor, on: str = "teams") -> list[str]:
    """What the bot wrote to this person there."""
    return [line.activity["text"] for line in person.received(on)]
