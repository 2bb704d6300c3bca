"""The bench's connector: counts what came, demands the token, knows when a marked message arrived."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bellwire.bench.peer import peer
from bellwire.bench.stage import fetched


@pytest.fixture
async def connector() -> AsyncIterator[str]:
    async with peer("connector", [sys.executable, "-m", "bellwire.bench.connector"]) as opened:
        yield str(opened.hello["url"])


async def test_it_counts_activities_and_people_by_path(connector: str) -> None:
    token = (await fetched(f"{connector}/any/oauth2/v2.0/token"))["access_token"]
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        for chat in ("a%3A1", "a:1", "a:2"):
            url = f"{connector}/one/v3/conversations/{chat}/activities"
            async with session.post(url, json={"text": "x"}) as answer:
                assert answer.status == 201
                assert (await answer.json())["id"]
    counts = (await fetched(f"{connector}/bench/tally"))["counts"]
    assert counts == {"one": {"accepted": 3, "refused": 0, "conversations": 2}}


async def test_it_refuses_what_has_no_token(connector: str) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{connector}/one/v3/conversations/a/activities", json={}) as answer,
    ):
        assert answer.status == 401
    assert (await fetched(f"{connector}/bench/tally"))["counts"]["one"]["refused"] == 1


async def test_it_knows_when_a_marked_message_arrived(connector: str) -> None:
    token = (await fetched(f"{connector}/bench/token"))["access_token"]
    before = time.monotonic()
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session,
        session.post(f"{connector}/v3/conversations/a/activities", json={"text": "urgent-00000007"}) as answer,
    ):
        assert answer.status == 201
    assert before < (await fetched(f"{connector}/bench/arrivals"))["urgent-00000007"] < time.monotonic()
