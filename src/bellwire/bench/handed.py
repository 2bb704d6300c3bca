"""Section 5, as makers do it: one connector call hands over thousands of people, and each one's end is read back."""

from __future__ import annotations

import asyncio
import time
from statistics import median
from typing import Any

import aiohttp

from bellwire.bench.people import TENANT, TEXT, object_id
from bellwire.bench.results import AcceptHanded
from bellwire.bench.served import AUTHORIZATION, served
from bellwire.bench.stage import Stage
from bellwire.errors import Unavailable
from bellwire.flows.connector.definition import definition
from bellwire.web.app import described

PAGE = 1_000
ENDED_WITHIN = 300.0


async def handed(stage: Stage) -> AcceptHanded:
    """By the calls that the connector's definition names, of a service that sends meanwhile as fast as it can."""
    people = stage.scale.accept_handed
    async with stage.subject("handed", people=people) as subject:
        settings = subject.hello["settings"]
    seconds, ended, reading = [], [], []
    async with served(settings, stage.cores[0]) as service, aiohttp.ClientSession(headers=AUTHORIZATION) as session:
        send, look = (_address(service.url, action) for action in ("SendToMany", "ListDeliveries"))
        body = {"to": [object_id(number) for number in range(people)], "tenant_id": TENANT, "text": TEXT}
        for number in range(stage.scale.accept_repeats):
            stage.told(f"accept: {people:,} people in one connector call", number / stage.scale.accept_repeats)
            began = time.perf_counter()
            async with session.post(send, json=body) as answer:
                said = await answer.json()
            seconds.append(time.perf_counter() - began)
            if said.get("accepted") != people:
                raise Unavailable(f"The service answered {answer.status} and accepted {said.get('accepted')}.")
            await _until_all_have_ended(session, look, said["message_id"])
            began = time.perf_counter()
            ended.append(len(await _ends(session, look, said["message_id"])))
            reading.append(time.perf_counter() - began)
    return AcceptHanded(
        deliveries=people,
        seconds=seconds,
        median_seconds=median(seconds),
        ends_read=min(ended),
        reading_seconds=median(reading),
    )


def _address(url: str, action: str) -> str:
    paths: dict[str, dict[str, Any]] = definition(described(), url)["paths"]
    return url + next(
        path for path, methods in paths.items() for method in methods.values() if method.get("operationId") == action
    )


async def _until_all_have_ended(session: aiohttp.ClientSession, look: str, message_id: str) -> None:
    async with asyncio.timeout(ENDED_WITHIN):
        for state in ("queued", "sending"):
            while (await _page(session, look, message_id, state=state, limit="1"))["deliveries"]:  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.1)


async def _ends(session: aiohttp.ClientSession, look: str, message_id: str) -> set[str]:
    """The people of whom the pages tell how their delivery ended."""
    found, after = set[str](), dict[str, str]()
    while True:
        page = await _page(session, look, message_id, limit=str(PAGE), **after)
        found.update(each["person"]["aad_object_id"] for each in page["deliveries"] if each["final"])
        if page["next"] is None:
            return found
        after = {"after": page["next"]}


async def _page(session: aiohttp.ClientSession, look: str, message_id: str, **more: str) -> dict[str, Any]:
    async with session.get(look, params={"message_id": message_id, **more}) as answer:
        found: dict[str, Any] = await answer.json()
    return found
