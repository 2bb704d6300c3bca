"""Section 5: how long it takes until a message is durably accepted, one over HTTP and many in one call."""

from __future__ import annotations

import asyncio
import time
from itertools import count
from statistics import median

import aiohttp

from bellwire.bench.figures import quantile
from bellwire.bench.handed import handed
from bellwire.bench.machine import peak_mb_of
from bellwire.bench.people import TENANT, TEXT, object_id
from bellwire.bench.results import Accept, AcceptMany, AcceptOne
from bellwire.bench.served import AUTHORIZATION, served
from bellwire.bench.stage import Stage
from bellwire.errors import Unavailable

CALLERS = (1, 32)


async def accept(stage: Stage) -> Accept:
    """One message from one caller and from several, then one to many people: over HTTP, by the library, by the
    connector's call."""
    async with stage.subject("one") as subject:
        settings = subject.hello["settings"]
    async with served(settings, stage.cores[0]) as service:
        one = [await _one_by_one(stage, service.url, callers) for callers in CALLERS]
    many = [await _many_over_http(stage), await _many_by_library(stage)]
    return Accept(one=one, many=many, handed=await handed(stage))


async def _many_over_http(stage: Stage) -> AcceptMany:
    people = stage.scale.accept_many
    async with stage.subject("many", "--per-second", "50", people=people) as subject:
        settings = subject.hello["settings"]
    to = [object_id(number) for number in range(people)]
    body = {"to": to, "tenant_id": TENANT, "text": TEXT}
    seconds = []
    async with served(settings, stage.cores[0]) as service, aiohttp.ClientSession(headers=AUTHORIZATION) as session:
        for number in range(stage.scale.accept_repeats):
            stage.told(f"accept: {people:,} in one call over HTTP", number / stage.scale.accept_repeats)
            began = time.perf_counter()
            async with session.post(f"{service.url}/v1/messages/bulk", json=body) as answer:
                accepted = (await answer.json()).get("accepted")
            seconds.append(time.perf_counter() - began)
            if accepted != people:
                raise Unavailable(f"The service answered {answer.status} and accepted {accepted} of {people}.")
        peak = peak_mb_of(service.pid)
    return AcceptMany(way="over HTTP", deliveries=people, seconds=seconds, median_seconds=median(seconds), peak_mb=peak)


async def _many_by_library(stage: Stage) -> AcceptMany:
    answers = []
    for number in range(stage.scale.accept_repeats):
        stage.told(f"accept: {stage.scale.accept_many:,} in one call", number / stage.scale.accept_repeats)
        async with stage.subject(f"many_{number}", people=stage.scale.accept_many) as subject:
            answers.append(await subject.ask(do="many"))
    seconds = [float(answer["seconds"]) for answer in answers]
    return AcceptMany(
        way="by the library",
        deliveries=stage.scale.accept_many,
        seconds=seconds,
        median_seconds=median(seconds),
        peak_mb=max(float(answer["rss_mb"]) for answer in answers),
    )


async def _one_by_one(stage: Stage, url: str, callers: int) -> AcceptOne:
    stage.told(f"accept: one message at a time, {callers} callers", 0)
    latencies: list[float] = []
    numbers = count()
    async with aiohttp.ClientSession(headers=AUTHORIZATION) as session:
        await _caller(session, url, stage, numbers, 50)
        began = time.perf_counter()
        share = stage.scale.accept_count // callers
        for found in await asyncio.gather(*(_caller(session, url, stage, numbers, share) for _ in range(callers))):
            latencies += found
        took = time.perf_counter() - began
    return AcceptOne(
        callers=callers,
        count=len(latencies),
        rate=len(latencies) / took,
        p50_ms=quantile(latencies, 0.5),
        p99_ms=quantile(latencies, 0.99),
        worst_ms=max(latencies),
        latencies_ms=[round(latency, 2) for latency in latencies],
    )


async def _caller(
    session: aiohttp.ClientSession, url: str, stage: Stage, numbers: count[int], share: int
) -> list[float]:
    latencies = []
    for _ in range(share):
        to = {"aad_object_id": object_id(next(numbers) % stage.scale.people), "tenant_id": TENANT}
        began = time.perf_counter()
        async with session.post(f"{url}/v1/messages", json={"to": to, "text": TEXT}) as answer:
            await answer.read()
        if answer.status != 202:
            raise Unavailable(f"The service answered {answer.status} to a message of the bench.")
        latencies.append((time.perf_counter() - began) * 1_000)
    return latencies
