"""More than a thousand requests that nobody honest sends to ``/v1``: refused, never a defect, and nothing is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from random import Random
from typing import Any, Final

import aiohttp
import pytest

from bellwire.web.limits import MOST_BYTES
from tests.support.hostile import Malice, bodies
from tests.support.service import Running
from tests.support.sockets import watched_sockets

SEED: Final = 20261122
PER_MALICE: Final = 120
HUGE: Final = 20
JSON: Final = {"Content-Type": "application/json"}
PERSON: Final = {"aad_object_id": "5d0e1f9c-2b6a-4a53-9f0e-7b1c3c1d2e4f"}
TEXT: Final = {"to": PERSON, "text": "Hello", "send_at": "2090-01-01T00:00:00Z", "reference": "r", "priority": "bulk"}
CARD: Final = {
    "to": PERSON,
    "summary": "Hello",
    "card": {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "Hello", "size": 1}]},
}
ADDRESSES: Final = ("/v1/messages", "/v1/deliveries/01932f6e-7c1a-7b3e-9d41-0f6e2c1b5a77/message")
PATHS: Final = (
    "/v1/deliveries/{}",
    "/v1/deliveries?after={}",
    "/v1/deliveries?{}",
    "/v1/people/{}/{}",
    "/v1/people?after={}",
    "/v1/people?sender={}",
    "/v1/{}",
    "/{}",
)
VISIBLE: Final = [chr(code) for code in (*range(0x21, 0x7F), *range(0xA1, 0x100))]
WORDS: Final = (
    "",
    "%00",
    "%ff%fe",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/",
    "' OR 1=1--",
    "${jndi:ldap:%2f%2f198.51.100.7}",
    "http:%2f%2f169.254.169.254%2f",
    "1e400",
    "-1",
    "\U0001f4a9",
    "a" * 4_000,
    "%F0%9F",
    "state=sent&state=queued",
    "limit=99999999999999999999",
    "limit=1&limit=x",
)


async def nothing_is_stored(service: Running) -> bool:
    books = await service.client.books(audit=True)
    return books.balanced and books.accepted == 0


@pytest.mark.parametrize("malice", list(Malice))
@pytest.mark.parametrize("example", [TEXT, CARD], ids=["text", "card"])
async def test_no_body_is_accepted_and_none_is_a_defect(
    service: Running, malice: Malice, example: dict[str, Any]
) -> None:
    answers: Counter[int] = Counter()
    hostile = bodies(example, seed=SEED, limit=MOST_BYTES, malice=malice)
    with watched_sockets() as sockets:
        for number, each in enumerate(islice(hostile, HUGE if malice is Malice.HUGE else PER_MALICE)):
            method = "POST" if number % 4 else "PUT"
            path = ADDRESSES[0 if number % 4 else 1]
            answer = await service.call(method, path, data=BytesIO(each.body), headers=JSON)
            assert 400 <= answer.status < 500, (malice, each.body[:200])
            answers[answer.status] += 1
    assert answers
    assert await nothing_is_stored(service)
    assert not sockets.foreign({int(service.url.rpartition(":")[2])})


async def test_no_address_is_a_defect(service: Running) -> None:
    for path in (pattern.format(*[word] * pattern.count("{}")) for pattern in PATHS for word in WORDS):
        for method in ("GET", "POST"):
            answer = await service.call(method, path)
            assert answer.status < 500, path
    assert await nothing_is_stored(service)


async def test_no_header_is_a_defect(service: Running) -> None:
    for name, value in _headers(Random(SEED)):
        answer = await service.call("POST", "/v1/messages", data=b"{}", headers={**JSON, name: value})
        assert 400 <= answer.status < 500, (name, value)
    assert await nothing_is_stored(service)


async def test_a_caller_who_hangs_up_is_no_defect(service: Running) -> None:
    host, port = service.url.removeprefix("http://").split(":")
    async with aiohttp.ClientSession() as session:
        for _ in range(20):
            with pytest.raises((aiohttp.ClientError, ConnectionError)):
                await session.post(f"http://{host}:{port}/v1/messages", data=_broken_off(), headers=_good(service))
    assert (await service.call("GET", "/healthz")).status == 200
    assert await nothing_is_stored(service)


def _headers(random: Random) -> Iterator[tuple[str, str]]:
    values = ["\u00e4" * 50, "x" * 6_000, "Bearer " * 40, "0", "-1", "~~", "a, b", "gzip", "chunked;q=1"]
    for name in ("Authorization", "Idempotency-Key", "Content-Type", "Accept", "Content-Encoding", "X-Forwarded-For"):
        for value in values:
            yield name, value
    for _ in range(50):
        yield f"X-{random.randrange(10**6)}", "".join(random.choice(VISIBLE) for _ in range(40))


async def _broken_off() -> Any:
    yield b'{"to":'
    raise ConnectionResetError("the caller is gone")


def _good(service: Running) -> dict[str, str]:
    return {**JSON, "Authorization": f"Bearer {service.key}"}
