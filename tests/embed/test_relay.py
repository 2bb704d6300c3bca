"""The relay passes on what comes to the bot endpoint and what the bot answers, whatever becomes of Bellwire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import aiohttp
import orjson
import pytest
from aiohttp import web
from pydantic import SecretStr
from yarl import URL

from bellwire.app import Bellwire
from bellwire.config import Settings
from bellwire.embed.relay import relay as relay_module
from bellwire.errors import BellwireError, StoreUnavailable, TablesTooOld
from bellwire.service.capture import Capture
from bellwire.service.health import Check, Health, Readiness
from bellwire.simulator.signing import Flaw
from bellwire.web.app import create_app
from tests.embed.relayed import relaying
from tests.support.activities import MEGAN, SERVICE_URL, TENANT, message
from tests.support.proxy import forwarding, lead_out
from tests.support.trusted import key_service

BODY = b'{ "type":"message",\n"text":"\xc3\xa4" , "odd": 1.50 }'


@dataclass
class Upstream:
    """A bot that keeps what came and answers as the test says."""

    url: str = ""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    silent: asyncio.Event | None = None
    pieces: list[bytes] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.raw_path, dict(request.headers), await request.read()))
        if self.silent is not None:
            await self.silent.wait()
        if not self.pieces:
            return web.Response(status=self.status, body=self.body, headers=self.headers)
        response = web.StreamResponse(headers=self.headers)
        await response.prepare(request)
        for piece in self.pieces:
            await response.write(piece)
            await self.more.wait()
        return response


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    bot = Upstream()
    application = web.Application(client_max_size=0)
    application.router.add_route("*", "/my/bot", bot.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    bot.url = f"http://127.0.0.1:{runner.addresses[0][1]}/my/bot"
    yield bot
    if bot.silent is not None:
        bot.silent.set()
    await runner.cleanup()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def posted(
    session: aiohttp.ClientSession, url: str | URL, body: bytes = BODY, headers: Mapping[str, str] | None = None
) -> aiohttp.ClientResponse:
    """What came back, read to its end."""
    async with session.post(url, data=body, headers=headers) as answer:
        await answer.read()
        return answer


async def test_a_request_goes_on_byte_for_byte_token_and_all(
    upstream: Upstream, session: aiohttp.ClientSession
) -> None:
    sent = {"Authorization": "Bearer abc", "Content-Type": "application/json; charset=utf-8", "X-Ms-Tenant-Id": "t"}
    async with relaying(upstream.url) as (_, url):
        answer = await posted(session, URL(f"{url}/api/messages?a=%2F&b", encoded=True), headers=sent)
    assert answer.status == 200
    ((path, headers, body),) = upstream.requests
    assert (path, body) == ("/my/bot?a=%2F&b", BODY)
    came = {name.lower(): value for name, value in headers.items()}
    asked = {name.lower(): value for name, value in answer.request_info.headers.items()}
    assert came == asked | {"host": came["host"]}


@pytest.mark.parametrize("status", [200, 202, 401, 404, 429, 500, 503])
async def test_the_answer_comes_back_as_it_is(upstream: Upstream, session: aiohttp.ClientSession, status: int) -> None:
    upstream.status, upstream.body = status, b'{"statusCode": 200, "odd":1.50}'
    upstream.headers = {"Content-Type": "application/json; charset=utf-8", "Retry-After": "7", "X-Bot": "yes"}
    async with relaying(upstream.url) as (_, url), session.post(f"{url}/api/messages", data=BODY) as answer:
        assert (answer.status, await answer.read()) == (status, upstream.body)
    assert {name: answer.headers[name] for name in upstream.headers} == upstream.headers


async def test_an_answer_that_comes_in_pieces_is_passed_on_in_pieces(
    upstream: Upstream, session: aiohttp.ClientSession
) -> None:
    upstream.pieces = [b"data: one\n\n", b"data: two\n\n"]
    async with relaying(upstream.url) as (_, url), session.post(f"{url}/api/messages", data=BODY) as answer:
        assert await answer.content.readany() == upstream.pieces[0]  # while the bot still has the second one
        upstream.more.set()
        assert await answer.content.read() == upstream.pieces[1]


async def problem(answer: aiohttp.ClientResponse, status: int, code: str) -> None:
    """It is one, in the form of all others."""
    told = await answer.json()
    assert (answer.status, told["status"], told["code"], told["type"]) == (status, status, code, f"/problems/{code}")
    assert all(told[name] for name in ("title", "detail", "remedy"))


async def test_a_bot_that_is_silent_or_away_is_named(upstream: Upstream, session: aiohttp.ClientSession) -> None:
    upstream.silent = asyncio.Event()
    async with relaying(upstream.url, timeout=0.2) as (_, url):
        answer = await posted(session, f"{url}/api/messages")
        await problem(answer, 504, "bot_silent")
    async with relaying("http://127.0.0.1:9/api/messages") as (_, url):
        answer = await posted(session, f"{url}/api/messages")
        await problem(answer, 502, "bot_unreachable")


async def test_a_bot_behind_the_proxy_is_reached_through_it(
    upstream: Upstream, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with forwarding() as proxy:
        lead_out(monkeypatch, proxy.url)
        behind = upstream.url.replace("127.0.0.1", "bot.example")
        async with relaying(behind) as (_, url), session.post(f"{url}/api/messages", data=BODY) as answer:
            assert answer.status == 200
        assert proxy.asked == [f"POST {behind}"]


async def test_without_bellwire_it_relays_and_what_came_meanwhile_is_kept(
    upstream: Upstream, session: aiohttp.ClientSession, sqlite_url: str
) -> None:
    async with key_service() as keys, relaying(upstream.url) as (relay, url):
        for flaw in (None, Flaw.FORGED):
            headers = keys.authorization(flaw, SERVICE_URL)
            body = orjson.dumps(message())
            assert (await posted(session, f"{url}/api/messages", body, headers=headers)).status == 200
        async with session.get(f"{url}/v1/people") as answer:
            assert answer.status == 503
        settings = Settings(**keys.settings(sqlite_url))
        async with Bellwire.open(settings, work=False) as bellwire:
            async with relay.before(bellwire, create_app(bellwire)), session.get(f"{url}/healthz") as answer:
                assert answer.status == 200
            (reach,) = (await bellwire.people.get(TENANT, MEGAN)).senders
    assert reach.reference is not None
    assert (relay.counts.taken, relay.counts.unproven) == (1, 1)  # what nobody signed was relayed, but not believed
    assert len(upstream.requests) == 2


@pytest.mark.parametrize(
    "trouble", [StoreUnavailable("It is down."), TablesTooOld("They are old.")], ids=lambda error: str(error.code)
)
async def test_without_bellwire_it_lives_is_ready_and_says_what_is_amiss(
    trouble: BellwireError, session: aiohttp.ClientSession
) -> None:
    async with relaying("http://127.0.0.1:9/api/messages") as (relay, url):
        relay.without(trouble)
        async with session.get(f"{url}/healthz") as answer:
            assert (answer.status, await answer.json()) == (200, {"status": "ok"})
        async with session.get(f"{url}/readyz") as answer:
            assert answer.status == 200
            told = await answer.json()
        async with session.get(f"{url}/v1/people") as answer:
            await problem(answer, 503, trouble.code)
            assert answer.headers["Retry-After"] == "1"
    assert told == {
        "ready": True,
        "checks": [
            {
                "name": "database",
                "well": False,
                "code": trouble.code,
                "detail": trouble.detail,
                "remedy": trouble.remedy,
            }
        ],
    }


@pytest.mark.parametrize("hanging", [False, True])
async def test_before_a_bellwire_whose_database_is_lost_it_stays_ready(
    hanging: bool, session: aiohttp.ClientSession, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look(_: Health) -> Readiness:
        if hanging:
            await asyncio.Event().wait()
        return Readiness([Check("database", False, "store_unavailable", "It is down.", "Start it.")])

    monkeypatch.setattr(Health, "readiness", look)
    async with (
        relaying("http://127.0.0.1:9/api/messages") as (relay, url),
        Bellwire.open(Settings(database_url=SecretStr(sqlite_url)), work=False) as bellwire,
        relay.before(bellwire, create_app(bellwire)),
        session.get(f"{url}/readyz") as answer,
    ):
        told = await answer.json()
    assert (answer.status, told["ready"]) == (200, True)
    assert [(check["well"], check["code"]) for check in told["checks"]] == [(False, "store_unavailable")]


async def raises() -> None:
    raise RuntimeError("secret words")


async def has_no_room() -> None:
    raise StoreUnavailable("There is no room left.")


async def hangs() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("trouble", [raises, has_no_room, hangs])
async def test_whatever_happens_to_capture_it_relays(
    trouble: Callable[[], Awaitable[None]],
    upstream: Upstream,
    session: aiohttp.ClientSession,
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun = asyncio.Event()

    async def take(capture: Capture, app_id: str, activity: object) -> None:
        begun.set()
        await trouble()

    monkeypatch.setattr(Capture, "take", take)
    monkeypatch.setattr(relay_module, "CLOSING_TIMEOUT", 0.01)
    async with (
        key_service() as keys,
        relaying(upstream.url) as (relay, url),
        Bellwire.open(Settings(**keys.settings(sqlite_url)), work=False) as bellwire,
        relay.before(bellwire, create_app(bellwire)),
    ):
        headers, body = keys.authorization(None, SERVICE_URL), orjson.dumps(message())
        assert (await posted(session, f"{url}/api/messages", body, headers=headers)).status == 200
        await begun.wait()
        assert (await posted(session, f"{url}/api/messages", body, headers=headers)).status == 200
    assert [body for _, _, body in upstream.requests] == [body, body]
    assert relay.counts.taken == 0


async def test_what_is_no_activity_is_relayed_all_the_same(upstream: Upstream, session: aiohttp.ClientSession) -> None:
    async with relaying(upstream.url) as (relay, url):
        for body in (b"", b"not json", b"[1, 2]", b"x" * 300_000):
            assert (await posted(session, f"{url}/api/messages", body)).status == 200
    assert [body for _, _, body in upstream.requests] == [b"", b"not json", b"[1, 2]", b"x" * 300_000]
    assert relay.counts.refused == 4
