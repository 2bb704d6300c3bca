"""Capture reads of an activity that an SDK has parsed what it reads of the JSON that Teams sent."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from bellwire.model.surface import Surface, classify
from bellwire.teams.activities import Inbound, read
from tests.embed.environments import Environment, Kind
from tests.support.activities import (
    bot_added,
    changed,
    channel_message,
    copilot_message,
    group_install,
    group_message,
    install,
    message,
    team_bot_added,
    team_install,
)

NOW = datetime(2027, 1, 1, tzinfo=UTC)
PERSONAL = message()
MARKED = [
    changed(PERSONAL, "entities", to=[{"type": "ProductInfo", "id": "COPILOT"}]),
    changed(PERSONAL, "entities", to=[{"type": "ProductInfo", "id": "Copilot"}, {"type": "clientInfo"}]),
    changed(PERSONAL, "entities", to=[{"type": "clientInfo", "subChannelInfo": {"channelId": "COPILOT"}}]),
    changed(PERSONAL, "channelData", "productContext", to="Copilot"),
    changed(PERSONAL, "channelId", to="msteams:COPILOT"),
]
ACTIONS = ("add", "remove", "upgrade", "add-upgrade", "remove-upgrade")
ACTIVITIES = [
    PERSONAL,
    copilot_message(),
    group_message(),
    group_install(),
    channel_message(),
    team_install(),
    team_bot_added(),
    bot_added(),
    *MARKED,
    *(install(action) for action in ACTIONS),
]


async def undone(kind: Kind, environment: Environment, activities: list[Any]) -> list[Any]:
    script = Path(__file__).with_name("undo.py")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-S", "-s", str(script), kind.extra.replace("-", "_")),
        env=environment.variables(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    answer, _ = await process.communicate(orjson.dumps(activities))
    found: list[Any] = orjson.loads(answer)
    return found


def understood(activity: Any) -> Inbound:
    """What capture reads, but for the words of the reason: one marker may stand for another."""
    inbound = read(activity, NOW)
    return replace(inbound, classification=replace(inbound.classification, reason=""))


async def test_it_reads_the_same_as_of_the_json(kind: Kind, environment: Environment) -> None:
    found = await undone(kind, environment, ACTIVITIES)
    assert [understood(each) for each in found] == [understood(each) for each in ACTIVITIES]
    assert {classify(each).surface for each in MARKED} == {Surface.COPILOT}
