"""``POST /api/messages`` over real HTTP: what the Bot Connector is answered."""

from __future__ import annotations

import asyncio
from codecs import BOM_UTF8
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from bellwire.model.surface import Surface
from bellwire.simulator.signing import Flaw
from bellwire.store import references, sightings
from bellwire.web.bot import MOST_BYTES
from tests.capture.keeping import PERSON, count_rows
from tests.support.activities import (
    MEGAN,
    TEAMS_CHAT,
    TENANT,
    activity,
    changed,
    copilot_message,
    install,
    message,
    without,
)
from tests.support.endpoint import Endpoint, endpoint


@pytest.fixture
async def bot(sqlite_url: str) -> AsyncIterator[Endpoint]:
    async with endpoint(sqlite_url) as running:
        yield running


async def rows(bot: Endpoint) -> dict[str, int]:
    return await bot.bellwire.database.read(count_rows)


async def test_an_install_is_verified_kept_and_answered_with_an_empty_200(bot: Endpoint) -> None:
    reply = await bot.post(install())
    assert (reply.status, reply.content) == (200, b"")
    reference = await bot.bellwire.database.read(lambda conn: references.get(conn, PERSON))
    assert reference is not None
    assert reference.conversation_id == TEAMS_CHAT


async def test_copilot_is_answered_the_same_and_only_counted(bot: Endpoint) -> None:
    assert (await bot.post(copilot_message(serviceUrl=message()["serviceUrl"]))).status == 200
    [seen] = await bot.bellwire.database.read(lambda conn: sightings.of(conn, TENANT, MEGAN))
    assert seen.surface is Surface.COPILOT
    assert await rows(bot) == {"sightings": 1}


async def test_a_byte_order_mark_in_front_is_no_obstacle(bot: Endpoint) -> None:
    body = BOM_UTF8 + orjson.dumps(install())
    assert (await bot.send(body, bot.keys.authorization())).status == 200
    assert await rows(bot) == {"conversation_references": 1, "sightings": 1}


async def test_a_type_of_activity_that_nobody_knows_is_taken_with_200(bot: Endpoint) -> None:
    assert (await bot.post(activity("somethingNew"))).status == 200


async def test_a_pressed_card_is_answered_as_the_universal_action_model_asks(bot: Endpoint) -> None:
    reply = await bot.post(activity("invoke", name="adaptiveCard/action", value={"action": {"verb": "ok"}}))
    assert reply.status == 200
    assert reply.json == {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": ""}


@pytest.mark.parametrize("name", ["message/submitAction", "signin/verifyState", None, 7, [[]]])
async def test_any_other_invoke_is_answered_with_an_empty_object(bot: Endpoint, name: Any) -> None:
    reply = await bot.post(activity("invoke", name=name))
    assert (reply.status, reply.json) == (200, {})
    assert reply.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("flaw", list(Flaw))
async def test_every_flaw_of_a_token_is_a_401_with_a_reason_code(bot: Endpoint, flaw: Flaw) -> None:
    reply = await bot.post(message(), flaw)
    assert reply.status == 401
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")
    assert reply.json["code"] in CODES[flaw]
    assert reply.json["remedy"]
    assert await rows(bot) == {}


CODES = {
    Flaw.FORGED: {"bad_signature"},
    Flaw.UNKNOWN_KEY: {"unknown_key"},
    Flaw.UNENDORSED: {"unendorsed_key"},
    Flaw.EXPIRED: {"expired_token"},
    Flaw.NOT_YET: {"not_yet_valid"},
    Flaw.NO_EXPIRY: {"malformed_token"},
    Flaw.AUDIENCE: {"wrong_audience"},
    Flaw.ISSUER: {"wrong_issuer"},
    Flaw.NONE_ALGORITHM: {"wrong_algorithm"},
    Flaw.HS256: {"wrong_algorithm"},
    Flaw.RS512: {"wrong_algorithm"},
    Flaw.NO_SERVICE_URL: {"no_service_url"},
    Flaw.FOREIGN_SERVICE_URL: {"foreign_service_url"},
    Flaw.GARBAGE: {"malformed_token"},
    Flaw.BASIC: {"malformed_token"},
    Flaw.MISSING: {"missing_token"},
}


async def test_a_good_token_for_a_host_that_is_not_the_clouds_is_a_401(bot: Endpoint) -> None:
    reply = await bot.post(message(serviceUrl="https://evil.example/"), service_url="https://evil.example/")
    assert (reply.status, reply.json["code"]) == (401, "foreign_service_url")
    assert await rows(bot) == {}


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ([message()], "body"),
        ("message", "body"),
        (None, "body"),
        (without(message(), "type"), "type"),
        (message(type=7), "type"),
        (message(conversation="a:1"), "conversation"),
        (changed(message(), "from", "aadObjectId", to=[]), "from.aadObjectId"),
        (changed(message(), "conversation", "id", to="NUL \x00 inside"), "conversation.id"),
        (message(serviceUrl=None), "serviceUrl"),
        (message(channelId=7), "channelId"),
    ],
)
async def test_what_is_no_activity_is_a_400_that_says_which_field(bot: Endpoint, raw: Any, field: str) -> None:
    reply = await bot.post(raw)
    assert (reply.status, reply.json["code"], reply.json["field"]) == (400, "invalid_activity", field)
    assert await rows(bot) == {}


@pytest.mark.parametrize("body", [b"", b"{", b'{"type":"message",}', b"\xff", b'{"a":' * 5000 + b"1" + b"}" * 5000])
async def test_what_is_no_json_is_a_400(bot: Endpoint, body: bytes) -> None:
    reply = await bot.send(body, bot.keys.authorization())
    assert (reply.status, reply.json["field"]) == (400, "body")


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (message(value="DEEP", entities="DEEP"), 200),
        (activity("invoke", name="DEEP"), 200),
        (message(conversation={"id": "DEEP"}), 400),
        (message(type="DEEP"), 400),
    ],
)
async def test_nesting_as_deep_as_the_parser_allows_is_borne(bot: Endpoint, raw: Any, status: int) -> None:
    deep = b'[{"a":' * 500 + b"1" + b"}]" * 500
    body = orjson.dumps(raw).replace(b'"DEEP"', deep)
    assert (await bot.send(body, bot.keys.authorization())).status == status


async def test_a_body_over_the_limit_is_a_413_whether_its_length_is_told_or_not(bot: Endpoint) -> None:
    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(MOST_BYTES // 1024 + 1):
            yield b"x" * 1024

    for body in (b"x" * (MOST_BYTES + 1), in_pieces()):
        reply = await bot.send(body, bot.keys.authorization())
        assert (reply.status, reply.json["code"]) == (413, "too_large")


async def test_a_body_just_below_the_limit_is_taken(bot: Endpoint) -> None:
    room = MOST_BYTES - 1024
    assert (await bot.post(message(text="x" * room))).status == 200


async def test_another_tenant_is_a_403_and_nothing_is_kept(bot: Endpoint) -> None:
    foreign = changed(message(), "channelData", "tenant", "id", to="99999999-9999-9999-9999-999999999999")
    reply = await bot.post(foreign)
    assert (reply.status, reply.json["code"]) == (403, "tenant_not_allowed")
    assert await rows(bot) == {}


async def test_a_store_that_is_down_is_a_503_so_that_teams_sends_again(bot: Endpoint) -> None:
    await bot.bellwire.database._pump.stop()
    reply = await bot.post(message())
    assert (reply.status, reply.json["code"]) == (503, "store_unavailable")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_other_methods_are_a_405(bot: Endpoint, method: str) -> None:
    async with bot.session.request(method, f"{bot.url}/api/messages") as answer:
        assert answer.status == 405


async def test_a_caller_who_goes_away_in_the_middle_harms_nobody(bot: Endpoint) -> None:
    host, port = bot.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /api/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    del reader
    assert (await bot.post(message())).status == 200
