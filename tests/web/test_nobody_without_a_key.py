"""Without a caller's key the API refuses everything but health, and reads nothing of what was sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import BytesIO

import pytest

from tests.support.service import Running, running

ADDRESSES = [
    ("GET", "/v1/deliveries"),
    ("GET", "/v1/deliveries/01932f6e-7c1a-7b3e-9d41-0f6e2c1b5a77"),
    ("POST", "/v1/messages"),
    ("GET", "/v1/people"),
    ("GET", "/v1/books"),
    ("GET", "/v1"),
    ("GET", "/v1/nothing/here"),
    ("DELETE", "/v1/books"),
]
KEYS = ["", "Bearer", "Bearer ", "Bearer wrong", "Basic d3Jvbmc6d3Jvbmc=", "Bearer \u00e4\u00f6\u00fc", "wrong"]


@pytest.fixture
async def keyless(sqlite_url: str) -> AsyncIterator[Running]:
    async with running(sqlite_url, work=False, environment={"BELLWIRE_API_KEYS": ""}) as service:
        yield service


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
async def test_every_address_is_refused_in_the_same_way(service: Running, method: str, path: str) -> None:
    for value in KEYS:
        refused = await service.call(method, path, headers={"Authorization": value})
        assert (refused.status, refused.code) == (401, "invalid_key")
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert "bellwire keys add" in refused.body["remedy"] or refused.body["remedy"]


async def test_a_body_is_not_read_before_the_key_is_known(service: Running) -> None:
    headers = {"Authorization": "Bearer wrong", "Content-Type": "text/plain"}
    for data in (b"{", b"x" * 2_000_000):
        assert (await service.call("POST", "/v1/messages", data=BytesIO(data), headers=headers)).status == 401


async def test_without_any_key_only_health_answers(keyless: Running) -> None:
    assert (await keyless.call("GET", "/v1/books", headers={"Authorization": "Bearer "})).status == 401
    assert (await keyless.call("GET", "/v1/books")).status == 401
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json"):
        assert (await keyless.call("GET", path, headers={"Authorization": ""})).status == 200


async def test_a_made_key_opens_and_a_revoked_one_does_not(keyless: Running) -> None:
    key, secret = await keyless.bellwire.keys.add("build server")
    headers = {"Authorization": f"bearer {secret}"}
    assert (await keyless.call("GET", "/v1/books", headers=headers)).status == 200
    await keyless.bellwire.keys.revoke(key.id)
    assert (await keyless.call("GET", "/v1/books", headers=headers)).status == 401
