"""Keys are fetched when needed, kept, renewed, and never fetched because a stranger wants it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession, web

from bellwire.errors import Unavailable
from bellwire.net import open_session
from bellwire.teams.clouds import Cloud, custom
from bellwire.teams.keys import SigningKeys, signing_keys
from tests.support.signed import KeyService, jwk, key, key_service
from tests.support.wire import Asked, Clock, serving


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with open_session(timeout=5) as opened:
        yield opened


@pytest.fixture
async def service() -> AsyncIterator[KeyService]:
    async with key_service() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def keys(session: ClientSession, service: KeyService, clock: Clock) -> AsyncIterator[SigningKeys]:
    made = SigningKeys(session, cloud_of(service), clock=clock)
    yield made
    await made.close()


def cloud_of(service: KeyService) -> Cloud:
    return custom(
        login_url=service.url, openid_metadata_url=f"{service.url}/openid", service_hosts=["teams.example:443"]
    )


async def test_nothing_is_fetched_before_a_key_is_needed(keys: SigningKeys, service: KeyService) -> None:
    assert service.asked == []
    found = await keys.find("one")
    assert found is not None
    assert found.key.public_numbers() == key("one").public_key().public_numbers()
    assert found.endorsements == frozenset({"msteams", "webchat"})
    assert service.asked == ["/openid", "/keys"]


async def test_many_who_need_keys_at_once_share_one_fetch(keys: SigningKeys, service: KeyService) -> None:
    found = await asyncio.gather(*[keys.find("one") for _ in range(50)])
    assert all(found)
    assert service.fetches == 1


async def test_one_who_gives_up_does_not_end_the_fetch_for_the_others(keys: SigningKeys, service: KeyService) -> None:
    impatient = asyncio.ensure_future(keys.find("one"))
    patient = asyncio.ensure_future(keys.find("one"))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient is not None
    assert service.fetches == 1


async def test_a_roll_over_heals_at_once(keys: SigningKeys, service: KeyService) -> None:
    await keys.find("one")
    service.published = [jwk("two")]
    assert await keys.find("two") is not None
    assert await keys.find("one") is None


async def test_forged_key_ids_fetch_no_more_often_than_the_limit_allows(
    keys: SigningKeys, service: KeyService, clock: Clock
) -> None:
    await keys.find("one")
    for number in range(1000):
        assert await keys.find(f"forged-{number}") is None
        clock.go(seconds=0.1)
    assert service.fetches == 3
    clock.go(seconds=30)
    await keys.find("forged-again")
    assert service.fetches == 4


async def test_forgers_do_not_keep_a_roll_over_from_healing_within_minutes(
    keys: SigningKeys, service: KeyService, clock: Clock
) -> None:
    for number in range(10):
        await keys.find(f"forged-{number}")
    service.published = [jwk("two")]
    seconds = 0
    while await keys.find("two") is None:
        await keys.find("forged")
        clock.go(seconds=1)
        seconds += 1
    assert seconds <= 120


async def test_an_unknown_key_id_right_after_the_first_fetch_costs_no_second_one(
    keys: SigningKeys, service: KeyService
) -> None:
    assert await keys.find("forged") is None
    assert service.fetches == 1


async def test_keys_are_renewed_after_a_day_without_anybody_waiting(
    keys: SigningKeys, service: KeyService, clock: Clock
) -> None:
    await keys.find("one")
    service.published = [jwk("one"), jwk("two")]
    clock.go(hours=23)
    await keys.find("one")
    assert service.fetches == 1
    clock.go(hours=2)
    assert await keys.find("one") is not None
    assert await keys.find("two") is not None
    assert service.fetches == 2


async def test_old_keys_serve_on_while_none_can_be_fetched(
    keys: SigningKeys, service: KeyService, clock: Clock
) -> None:
    await keys.find("one")
    service.fails = True
    for _ in range(4):
        clock.go(hours=25)
        assert await keys.find("one") is not None
    clock.go(hours=25)
    with pytest.raises(Unavailable):
        await keys.find("one")
    service.fails = False
    clock.go(seconds=5)
    assert await keys.find("one") is not None


async def test_without_keys_the_answer_is_to_try_again_and_the_key_service_is_left_alone_for_a_while(
    keys: SigningKeys, service: KeyService, clock: Clock
) -> None:
    service.fails = True
    for _ in range(20):
        with pytest.raises(Unavailable) as raised:
            await keys.find("one")
        assert (raised.value.code, raised.value.status) == ("keys_unavailable", 503)
    assert service.fetches == 1
    service.fails = False
    clock.go(seconds=5)
    assert await keys.find("one") is not None


async def test_a_failed_fetch_for_an_unknown_key_id_is_to_be_tried_again(
    keys: SigningKeys, service: KeyService
) -> None:
    await keys.find("one")
    service.fails = True
    with pytest.raises(Unavailable):
        await keys.find("two")
    assert await keys.find("one") is not None


@pytest.mark.parametrize(
    "metadata",
    [
        {"jwks_uri": "https://evil.example/keys"},
        {"jwks_uri": "http://169.254.169.254/latest"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "/keys"},
        {"jwks_uri": "http://[::1"},
        {"jwks_uri": 7},
        {"issuer": "x"},
        ["x"],
        "x",
    ],
)
async def test_keys_come_from_no_other_host(keys: SigningKeys, service: KeyService, metadata: object) -> None:
    service.says = metadata
    with pytest.raises(Unavailable):
        await keys.find("one")
    assert service.asked == ["/openid"]


async def test_keys_may_come_from_a_host_on_the_clouds_list(
    session: ClientSession, service: KeyService, clock: Clock
) -> None:
    async def metadata(asked: Asked) -> web.StreamResponse:
        return web.json_response({"jwks_uri": f"{service.url}/keys"})

    async with serving(metadata) as elsewhere:
        cloud = custom(
            login_url=service.url,
            openid_metadata_url=elsewhere.url,
            service_hosts=[service.url.partition("://")[2]],
        )
        keys = SigningKeys(session, cloud, clock=clock)
        assert await keys.find("one") is not None


@pytest.mark.parametrize(
    "answer", [b"", b"{", b"[]", b'{"keys":[]}', b'{"keys":7}', b'{"keys":[7,{}]}', b"[" * 99, b" " * (2 << 20)]
)
async def test_an_answer_without_keys_is_no_answer(session: ClientSession, clock: Clock, answer: bytes) -> None:
    async def answering(asked: Asked) -> web.StreamResponse:
        if asked.path == "/openid":
            return web.json_response({"jwks_uri": f"{server.url}/keys"})
        return web.Response(body=answer)

    async with serving(answering) as server:
        cloud = custom(login_url=server.url, openid_metadata_url=f"{server.url}/openid", service_hosts=["a.example"])
        with pytest.raises(Unavailable):
            await SigningKeys(session, cloud, clock=clock).find("one")


@pytest.mark.parametrize(
    "strange",
    [
        jwk("small", bits=1024),
        jwk("two", kty="EC"),
        jwk("two", kty="oct", k="c2VjcmV0"),
        jwk("two", use="enc"),
        jwk("two", alg="RS512"),
        jwk("two", kid=None),
        jwk("two", kid=7),
        jwk("two", n=None),
        jwk("two", n="!"),
        jwk("two", n=7),
        jwk("two", e="AA"),
        jwk("two", e="Ag"),
        {},
        [],
        None,
    ],
)
def test_a_strange_key_is_passed_over_and_costs_the_others_nothing(strange: Any) -> None:
    assert set(signing_keys({"keys": [strange, jwk("one")]})) == {"one"}


def test_a_key_without_endorsements_is_told_from_one_endorsed_for_nothing() -> None:
    found = signing_keys({"keys": [jwk("one", endorsements=None), jwk("two", endorsements=[])]})
    assert (found["one"].endorsements, found["two"].endorsements) == (None, frozenset())


async def test_the_limit_on_refetches_can_be_set(session: ClientSession, service: KeyService, clock: Clock) -> None:
    keys = SigningKeys(session, cloud_of(service), clock=clock, refetches=1, refetch_window=timedelta(hours=1))
    await keys.find("one")
    for _ in range(5):
        await keys.find("forged")
    assert service.fetches == 2
