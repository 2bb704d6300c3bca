"""A token has to pass every check of the platform reference §4; each failure has its own code and is never a crash."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yarl import URL

from bellwire.errors import InvalidActivity, InvalidToken, Unavailable
from bellwire.net import open_session
from bellwire.teams.clouds import custom
from bellwire.teams.keys import SigningKeys
from bellwire.teams.verify import REMEMBER_MOST, Verifier
from tests.support.signed import APP_ID, NOW, SERVICE_URL, KeyService, jwk, key, key_service, token
from tests.support.sockets import watched_sockets
from tests.support.wire import Clock

OTHER_APP = "33333333-3333-3333-3333-333333333333"


@pytest.fixture
async def service() -> AsyncIterator[KeyService]:
    async with key_service() as running:
        running.published = [jwk("one"), jwk("bare", endorsements=None), jwk("web", endorsements=["webchat"])]
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
async def verifier(service: KeyService, clock: Clock) -> AsyncIterator[Verifier]:
    cloud = custom(login_url=service.url, openid_metadata_url=f"{service.url}/openid", service_hosts=["teams.example"])
    async with open_session(timeout=5) as session:
        keys = SigningKeys(session, cloud, clock=clock)
        yield Verifier(cloud, keys, [OTHER_APP, APP_ID], clock=clock)
        await keys.close()


def activity(**changes: Any) -> dict[str, Any]:
    return {"type": "message", "channelId": "msteams", "serviceUrl": SERVICE_URL} | changes


async def code_of(verifier: Verifier, authorization: str | None, **changes: Any) -> str:
    with pytest.raises(InvalidToken) as raised:
        await verifier.verify(authorization, activity(**changes))
    assert raised.value.status == 401
    presented = (authorization or "").partition(" ")[2]
    assert len(presented) < 20 or presented not in str(raised.value)
    return raised.value.code


async def test_a_good_token_says_for_which_bot_it_is(verifier: Verifier) -> None:
    claims = await verifier.verify(f"Bearer {token()}", activity())
    assert (claims.app_id, claims.service_url) == (APP_ID, SERVICE_URL)
    other = await verifier.verify(f"Bearer {token(aud=OTHER_APP)}", activity())
    assert other.app_id == OTHER_APP


@pytest.mark.parametrize(
    "changes",
    [
        {"serviceurl": None, "serviceUrl": SERVICE_URL},
        {"serviceurl": SERVICE_URL.rstrip("/")},
        {"aud": [OTHER_APP.upper()]},
        {"aud": ["somebody", APP_ID]},
        {"nbf": None},
        {"nbf": (NOW + timedelta(minutes=4)).timestamp()},
        {"exp": (NOW - timedelta(minutes=4)).timestamp()},
        {"exp": 253402300799},
    ],
)
async def test_what_differs_within_bounds_is_accepted(verifier: Verifier, changes: dict[str, Any]) -> None:
    await verifier.verify(f"Bearer {token(**changes)}", activity())


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER  "])
async def test_the_scheme_is_read_in_any_case(verifier: Verifier, scheme: str) -> None:
    await verifier.verify(scheme + token(), activity())


async def test_copilots_compound_channel_counts_as_its_base(verifier: Verifier) -> None:
    await verifier.verify(f"Bearer {token()}", activity(channelId="msteams:COPILOT"))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "https://evil.example"}, "wrong_issuer"),
        ({"iss": "https://sts.windows.net/11111111-1111-1111-1111-111111111111/"}, "wrong_issuer"),
        ({"iss": None}, "wrong_issuer"),
        ({"iss": ["https://api.botframework.com"]}, "wrong_issuer"),
        ({"aud": "somebody"}, "wrong_audience"),
        ({"aud": None}, "wrong_audience"),
        ({"aud": []}, "wrong_audience"),
        ({"aud": {"a": APP_ID}}, "wrong_audience"),
        ({"aud": f"api://{APP_ID}"}, "wrong_audience"),
        ({"exp": (NOW - timedelta(minutes=10)).timestamp()}, "expired_token"),
        ({"exp": (NOW - timedelta(minutes=5)).timestamp()}, "expired_token"),
        ({"exp": None}, "malformed_token"),
        ({"exp": True}, "malformed_token"),
        ({"exp": "tomorrow"}, "malformed_token"),
        ({"exp": 10**400}, "malformed_token"),
        ({"exp": float("nan")}, "malformed_token"),
        ({"exp": float("inf")}, "malformed_token"),
        ({"nbf": (NOW + timedelta(minutes=10)).timestamp()}, "not_yet_valid"),
        ({"nbf": "soon"}, "not_yet_valid"),
        ({"nbf": 1e300}, "not_yet_valid"),
        ({"serviceurl": None}, "no_service_url"),
        ({"serviceurl": 7}, "no_service_url"),
        ({"serviceUrl": "https://teams.example/other/"}, "no_service_url"),
        ({"serviceurl": "https://teams.example/other/"}, "foreign_service_url"),
        ({"serviceurl": "https://evil.example/"}, "foreign_service_url"),
        ({"serviceurl": SERVICE_URL + "/"}, "foreign_service_url"),
    ],
)
async def test_a_wrong_claim_has_its_code(verifier: Verifier, changes: dict[str, Any], code: str) -> None:
    assert await code_of(verifier, f"Bearer {token(**changes)}") == code


async def test_a_token_for_a_host_that_is_not_the_clouds_is_refused_though_it_fits(verifier: Verifier) -> None:
    url = "https://evil.example/"
    assert await code_of(verifier, f"Bearer {token(serviceurl=url)}", serviceUrl=url) == "foreign_service_url"


async def test_a_good_token_does_not_carry_a_foreign_activity(verifier: Verifier) -> None:
    good = f"Bearer {token()}"
    await verifier.verify(good, activity())
    assert await code_of(verifier, good, serviceUrl="https://evil.example/") == "foreign_service_url"


@pytest.mark.parametrize("header", [None, ""])
async def test_no_token_at_all(verifier: Verifier, header: str | None) -> None:
    assert await code_of(verifier, header) == "missing_token"


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "Bearer x",
        "Bearer a.b",
        "Bearer a.b.c",
        "Bearer ..",
        "Bearer \udcff.x.y",
        "Bearer \u00e9\u00e9.x.y",
        "Bearer " + "x" * 20_000,
        "Bearer " + "A" * 16_000,
    ],
)
async def test_what_is_no_token(verifier: Verifier, header: str) -> None:
    assert await code_of(verifier, header) == "malformed_token"


def crafted(header: object, payload: object = None, signature: bytes = b"x") -> str:
    """A token with any header and payload, badly signed."""
    parts = [json.dumps(header).encode(), json.dumps(payload or {}).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def deep(levels: int) -> object:
    nested: object = 0
    for _ in range(levels):
        nested = [nested]
    return nested


@pytest.mark.parametrize(
    "header",
    [
        [],
        "x",
        7,
        {"alg": "RS256"},
        {"alg": "RS256", "kid": 7},
        {"alg": "RS256", "kid": ""},
        {"alg": "RS256", "kid": None},
        {"alg": "RS256", "kid": "one", "crit": ["x"]},
        {"alg": "RS256", "kid": "one", "b64": False},
        {"alg": "RS256", "kid": "one", "deep": deep(900)},
    ],
)
async def test_a_header_that_is_none(verifier: Verifier, header: object) -> None:
    assert await code_of(verifier, f"Bearer {crafted(header)}") in ("malformed_token", "bad_signature")


async def test_a_header_nested_deeper_than_any_parser_goes(verifier: Verifier) -> None:
    head = base64.urlsafe_b64encode(b"[" * 9000).decode()
    assert await code_of(verifier, f"Bearer {head}.e30.eA") == "malformed_token"


@pytest.mark.parametrize("algorithm", ["none", "NONE", "HS256", "RS384", "RS512", "PS256", "ES256", None, 7, ["RS256"]])
async def test_every_algorithm_but_rs256_is_refused(verifier: Verifier, algorithm: object) -> None:
    header = f"Bearer {crafted({'alg': algorithm, 'kid': 'one'})}"
    assert await code_of(verifier, header) == "wrong_algorithm"


async def test_the_public_key_does_not_serve_as_a_shared_secret(verifier: Verifier) -> None:
    assert await code_of(verifier, f"Bearer {token(algorithm='HS256')}") == "wrong_algorithm"


async def test_an_unknown_key(verifier: Verifier) -> None:
    assert await code_of(verifier, f"Bearer {token('stranger')}") == "unknown_key"


async def test_a_key_named_but_not_used(verifier: Verifier) -> None:
    assert await code_of(verifier, f"Bearer {token('stranger', headers={'kid': 'one'})}") == "bad_signature"


async def test_a_changed_token(verifier: Verifier) -> None:
    head, _, signature = token().split(".")
    _, payload, _ = token(aud=OTHER_APP).split(".")
    assert await code_of(verifier, f"Bearer {head}.{payload}.{signature}") == "bad_signature"


async def test_addresses_in_a_token_are_never_asked(verifier: Verifier, service: KeyService) -> None:
    evil = {"jku": f"{service.url}/evil", "x5u": f"{service.url}/evil", "jwk": jwk("stranger")}
    header = f"Bearer {token('stranger', headers=evil, iss=f'{service.url}/evil')}"
    assert await code_of(verifier, header) == "unknown_key"
    assert set(service.asked) <= {"/openid", "/keys"}


async def test_forged_tokens_of_many_entra_tenants_call_nobody(verifier: Verifier, service: KeyService) -> None:
    with watched_sockets() as sockets:
        for number in range(20):
            issuer = f"https://login.microsoftonline.com/t{number}/../../x/v2.0"
            forged = token("stranger", headers={"kid": f"kid-{number}"}, iss=issuer, tid=f"t{number}/../../x")
            assert await code_of(verifier, f"Bearer {forged}") == "unknown_key"
    assert service.fetches == 3
    assert not sockets.foreign({URL(service.url).port or 0})


async def test_a_signed_payload_that_holds_no_claims(verifier: Verifier) -> None:
    for payload in (b"[]", b"7", b"{", b"[" * 9000, b'{"exp":1e999}', b"\xff"):
        signed = jwt.api_jws.encode(payload, key("one"), algorithm="RS256", headers={"kid": "one"})
        assert await code_of(verifier, f"Bearer {signed}") == "malformed_token"


@pytest.mark.parametrize(
    ("name", "channel", "fits"),
    [
        ("one", "msteams", True),
        ("one", "MSTeams", True),
        ("one", "webchat", True),
        ("one", "directline", False),
        ("web", "msteams", False),
        ("web", "webchat", True),
        ("bare", "msteams", False),
        ("bare", "webchat", False),
        ("one", ":msteams", False),
    ],
)
async def test_a_key_speaks_only_for_the_channels_it_is_endorsed_for(
    verifier: Verifier, name: str, channel: str, fits: bool
) -> None:
    header = f"Bearer {token(name)}"
    if fits:
        await verifier.verify(header, activity(channelId=channel))
    else:
        assert await code_of(verifier, header, channelId=channel) == "unendorsed_key"


@pytest.mark.parametrize("field", ["serviceUrl", "channelId"])
@pytest.mark.parametrize("value", [None, "", 7, [], {}])
async def test_an_activity_that_cannot_be_compared_is_the_activitys_fault(
    verifier: Verifier, field: str, value: object
) -> None:
    with pytest.raises(InvalidActivity) as raised:
        await verifier.verify(f"Bearer {token()}", activity(**{field: value}))
    assert raised.value.field == field


async def test_without_keys_the_caller_is_asked_to_try_again(verifier: Verifier, service: KeyService) -> None:
    service.fails = True
    with pytest.raises(Unavailable) as raised:
        await verifier.verify(f"Bearer {token()}", activity())
    assert raised.value.status == 503


async def test_a_known_token_needs_no_key_for_five_minutes(
    verifier: Verifier, service: KeyService, clock: Clock
) -> None:
    good = f"Bearer {token()}"
    await verifier.verify(good, activity())
    service.published = [jwk("two")]
    await code_of(verifier, f"Bearer {token('three')}")
    clock.go(minutes=4)
    await verifier.verify(good, activity())
    clock.go(minutes=2)
    assert await code_of(verifier, good) == "unknown_key"


async def test_a_known_token_still_expires(verifier: Verifier, clock: Clock) -> None:
    short = f"Bearer {token(exp=(NOW + timedelta(minutes=1)).timestamp())}"
    await verifier.verify(short, activity())
    clock.go(minutes=7)
    assert await code_of(verifier, short) == "expired_token"


async def test_what_is_remembered_is_bounded(verifier: Verifier) -> None:
    proof = await verifier._prove(token(), NOW)
    for number in range(REMEMBER_MOST + 10):
        verifier._remember(str(number).encode(), proof)
    assert len(verifier._remembered) == REMEMBER_MOST


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(header=st.text(max_size=80) | st.text(alphabet="abcABC019-_=.", max_size=80), named=st.booleans())
async def test_no_header_upsets_the_verifier(verifier: Verifier, header: str, named: bool) -> None:
    await code_of(verifier, f"Bearer {header}" if named else header)
