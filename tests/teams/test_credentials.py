"""How a bot proves who it is: by secret, certificate, the machine's or the workload's identity; nothing leaks."""

from __future__ import annotations

import asyncio
import ssl
import traceback
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
import trustme
from aiohttp import ClientSession, web

from bellwire import connections
from bellwire.errors import ConfigError
from bellwire.net import open_session
from bellwire.teams.clouds import CLOUDS, Cloud, custom
from bellwire.teams.credentials import Registration, credential
from bellwire.teams.tokens import Token, TokenFailure
from tests.support.authority import trust
from tests.support.proxy import forwarding, lead_out
from tests.support.wire import Answering, Asked, Clock, Server, always, read_request, serving, speaking

SECRET = "correct-horse-battery-staple"
TENANT = "11111111-1111-1111-1111-111111111111"
APP_ID = "22222222-2222-2222-2222-222222222222"
HOST = "login.example"
GRANTED = {"token_type": "Bearer", "expires_in": 3600, "access_token": "ey.the.token"}

with_secret = Registration(sender="alerts", app_id=APP_ID, tenant_id=TENANT, client_secret=SECRET)


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with open_session(timeout=5) as opened:
        yield opened


def simulated(url: str) -> Cloud:
    return custom(login_url=url, openid_metadata_url=url, service_hosts=["a.example"], bot_scope="api://x/.default")


async def asked_plainly(answering: Answering, session: ClientSession) -> tuple[Token, Server]:
    async with serving(answering) as server:
        return await credential(with_secret, simulated(server.url), session, clock=Clock())(), server


async def failure_of(answering: Answering, session: ClientSession) -> TokenFailure:
    with pytest.raises(TokenFailure) as raised:
        await asked_plainly(answering, session)
    assert SECRET not in str(raised.value) + repr(raised.value)
    return raised.value


async def test_a_custom_cloud_is_asked_by_a_plain_client_credentials_request(session: ClientSession) -> None:
    token, server = await asked_plainly(always(200, GRANTED), session)
    asked = server.asked[0]
    assert (token.value, token.expires_at) == ("ey.the.token", Clock().now + timedelta(hours=1))
    assert (asked.method, asked.path) == ("POST", f"/{TENANT}/oauth2/v2.0/token")
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": [APP_ID],
        "client_secret": [SECRET],
        "scope": ["api://x/.default"],
    }


async def test_a_multi_tenant_bot_asks_in_the_shared_tenants_name(session: ClientSession) -> None:
    async with serving(always(200, GRANTED)) as server:
        registration = replace(with_secret, tenant_id=None)
        await credential(registration, simulated(server.url), session, clock=Clock())()
        assert server.asked[0].path == "/botframework.com/oauth2/v2.0/token"


async def test_seconds_may_come_as_text(session: ClientSession) -> None:
    token, _ = await asked_plainly(always(200, GRANTED | {"expires_in": "60"}), session)
    assert token.expires_at - token.issued_at == timedelta(seconds=60)


@pytest.mark.parametrize(
    ("status", "said", "code"),
    [
        (400, {"error": "invalid_client", "error_description": f"AADSTS7000215 {SECRET}"}, "invalid_client"),
        (401, {"error": "invalid_client"}, "invalid_client"),
        (400, {"error": "unauthorized_client"}, "unauthorized_client"),
        (403, b"<html>", "status 403"),
        (404, {"error": SECRET + "!"}, "status 404"),
    ],
)
async def test_refused_credentials_are_told_from_a_passing_failure(
    session: ClientSession, status: int, said: object, code: str
) -> None:
    failure = await failure_of(always(status, said), session)
    assert (failure.refused, failure.said, failure.answer_status) == (True, code, status)
    assert "secret" in failure.remedy


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 302])
async def test_an_outage_of_the_login_service_passes(session: ClientSession, status: int) -> None:
    failure = await failure_of(always(status, {}, headers={"Retry-After": "7"}), session)
    assert (failure.refused, failure.retry_after) == (False, 7.0)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"{",
        [],
        {"access_token": "x"},
        {"expires_in": 60},
        GRANTED | {"access_token": "x\r\nHost: evil.example"},
        GRANTED | {"access_token": ""},
        GRANTED | {"access_token": 7},
        GRANTED | {"expires_in": True},
        GRANTED | {"expires_in": -1},
        GRANTED | {"expires_in": "soon"},
        b'{"access_token":"x","expires_in":1e999}',
    ],
)
async def test_an_unreadable_grant_passes(session: ClientSession, said: object) -> None:
    assert not (await failure_of(always(200, said), session)).refused


async def test_a_login_service_that_hangs_up_passes(session: ClientSession) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)

    async with speaking(hang_up) as url:
        with pytest.raises(TokenFailure) as raised:
            await credential(with_secret, simulated(url), session, clock=Clock())()
    assert (raised.value.refused, raised.value.said) == (False, "connection_lost")


@pytest.mark.parametrize("change", [{"client_secret": None, "managed_identity": True}, {"client_secret": None}])
async def test_a_custom_cloud_takes_nothing_but_a_secret(session: ClientSession, change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as raised:
        credential(replace(with_secret, **change), simulated("https://a.example"), session, clock=Clock())
    assert raised.value.field == "BELLWIRE_SENDERS__ALERTS__CLIENT_SECRET"


async def test_a_tenant_that_is_none_is_a_wrong_setting(session: ClientSession) -> None:
    with pytest.raises(ConfigError) as raised:
        credential(replace(with_secret, tenant_id="../x"), CLOUDS["public"], session, clock=Clock())
    assert raised.value.field == "BELLWIRE_SENDERS__ALERTS__TENANT_ID"


def test_a_registration_shows_no_secret() -> None:
    assert SECRET not in repr(replace(with_secret, certificate_password=SECRET))


# Microsoft's clouds, whose library speaks https only: a login service with a certificate of a private authority.

Asking = Callable[[Registration], Any]


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    return trust(trustme.CA(), tmp_path, monkeypatch)


@pytest.fixture
async def entra(authority: trustme.CA) -> AsyncIterator[Server]:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", HOST).configure_cert(tls)
    async with serving(always(200, GRANTED), tls=tls) as server:
        yield server


async def asked_entra(registration: Registration, entra: Server) -> Token:
    cloud = replace(CLOUDS["public"], login_url=entra.url)
    async with open_session(timeout=5) as session:
        return await credential(registration, cloud, session, clock=lambda: datetime.now(UTC))()


def form(asked: Asked) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}


async def test_entra_is_asked_with_a_secret(entra: Server) -> None:
    token = await asked_entra(with_secret, entra)
    said = form(entra.asked[0])
    assert token.value == "ey.the.token"
    assert timedelta(minutes=59) < token.expires_at - token.issued_at <= timedelta(hours=1)
    assert entra.asked[0].path == f"/{TENANT}/oauth2/v2.0/token"
    assert (said["client_secret"], said["scope"]) == (SECRET, "https://api.botframework.com/.default")


async def test_entra_is_asked_anew_each_time_so_that_a_refused_token_is_really_replaced(entra: Server) -> None:
    await asked_entra(with_secret, entra)
    await asked_entra(with_secret, entra)
    assert len(entra.asked) == 2


async def test_a_multi_tenant_bot_asks_entra_in_the_shared_tenants_name(entra: Server) -> None:
    await asked_entra(replace(with_secret, tenant_id=None), entra)
    assert entra.asked[0].path == "/botframework.com/oauth2/v2.0/token"


async def test_entra_is_asked_with_a_certificate(entra: Server, authority: trustme.CA, tmp_path: Path) -> None:
    identity = authority.issue_cert("bot.example", key_type=trustme.KeyType.RSA)
    file = tmp_path / "bot.pem"
    file.write_bytes(identity.private_key_pem.bytes() + identity.cert_chain_pems[0].bytes())
    registration = replace(with_secret, client_secret=None, certificate=file)
    assert (await asked_entra(registration, entra)).value == "ey.the.token"
    said = form(entra.asked[0])
    assertion = jwt.decode(said["client_assertion"], options={"verify_signature": False})
    assert "client_secret" not in said
    assert (assertion["iss"], assertion["sub"]) == (APP_ID, APP_ID)


@pytest.mark.parametrize(
    "content", [None, b"no certificate", b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"]
)
async def test_a_certificate_that_cannot_be_read_is_a_wrong_setting(
    session: ClientSession, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "bot.pem"
    if content is not None:
        file.write_bytes(content)
    registration = replace(with_secret, client_secret=None, certificate=file)
    with pytest.raises(ConfigError) as raised:
        credential(registration, CLOUDS["public"], session, clock=Clock())
    assert raised.value.field == "BELLWIRE_SENDERS__ALERTS__CERTIFICATE"


async def test_entra_is_asked_with_a_workloads_identity(
    entra: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "federated").write_text("workload.assertion.jwt")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "federated"))
    registration = replace(with_secret, client_secret=None, managed_identity=True)
    assert (await asked_entra(registration, entra)).value == "ey.the.token"
    assert form(entra.asked[0])["client_assertion"] == "workload.assertion.jwt"
    assert entra.asked[0].path == f"/{TENANT}/oauth2/v2.0/token"


async def test_a_missing_workload_token_is_to_blame_on_the_setting(
    entra: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(TokenFailure) as raised:
        await asked_entra(replace(with_secret, client_secret=None, managed_identity=True), entra)
    assert raised.value.refused


async def test_entra_is_asked_through_the_proxy(entra: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    entra.url = entra.url.replace("localhost", HOST)
    async with forwarding() as proxy:
        lead_out(monkeypatch, proxy.url)
        assert (await asked_entra(with_secret, entra)).value == "ey.the.token"
        assert proxy.asked == [f"CONNECT {entra.host}"]


@pytest.mark.parametrize("status", [403, 407, 502])
async def test_a_proxy_that_refuses_is_not_taken_for_entra(
    entra: Server, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    entra.url = entra.url.replace("localhost", HOST)
    async with forwarding() as proxy:
        lead_out(monkeypatch, f"http://bellwire:{SECRET}@{proxy.place}")
        proxy.refuses = status
        with pytest.raises(TokenFailure) as raised:
            await asked_entra(with_secret, entra)
    assert (raised.value.said, raised.value.refused) == (f"proxy_refused_{status}", False)
    assert SECRET not in "".join(traceback.format_exception(raised.value))
    assert entra.asked == []


async def test_a_proxy_that_says_nothing_is_not_waited_for_for_ever(
    entra: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "CONNECT_SECONDS", 0.2)
    entra.url = entra.url.replace("localhost", HOST)
    async with forwarding() as proxy:
        lead_out(monkeypatch, proxy.url)
        proxy.silent = True
        with pytest.raises(TokenFailure) as raised:
            await asked_entra(with_secret, entra)
    assert raised.value.said == "proxy_connect_timeout"


async def test_azure_is_asked_for_the_machines_identity(
    session: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = str(int(datetime.now(UTC).timestamp()) + 600)
    said = {"access_token": "ey.machine", "expires_on": ends, "resource": "https://api.botframework.com"}
    async with serving(always(200, said)) as azure:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{azure.url}/msi")
        monkeypatch.setenv("IDENTITY_HEADER", "header-secret")
        registration = replace(with_secret, client_secret=None, managed_identity=True)
        token = await credential(registration, CLOUDS["public"], session, clock=Clock())()
        assert token.value == "ey.machine"
        assert "resource=https://api.botframework.com" in azure.asked[0].path.replace("%3A", ":").replace("%2F", "/")
        assert f"client_id={APP_ID}" in azure.asked[0].path


@pytest.mark.parametrize(
    ("status", "said", "refused"),
    [(401, {"error": "invalid_client", "error_description": "AADSTS7000215"}, True), (503, {}, False)],
)
async def test_entras_refusal_is_told_from_its_outage(entra: Server, status: int, said: object, refused: bool) -> None:
    entra.answering = always(status, said, headers={"Retry-After": "0"})
    with pytest.raises(TokenFailure) as raised:
        await asked_entra(with_secret, entra)
    assert (raised.value.refused, raised.value.answer_status) == (refused, status)
    assert raised.value.said == ("invalid_client" if refused else "status 503")
    assert SECRET not in str(raised.value)


async def test_entra_out_of_reach_passes(authority: trustme.CA, entra: Server) -> None:
    entra.url = "https://localhost:1"
    with pytest.raises(TokenFailure) as raised:
        await asked_entra(with_secret, entra)
    assert not raised.value.refused


async def test_entra_is_never_followed_elsewhere(entra: Server) -> None:
    async def elsewhere(asked: Asked) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": "https://evil.example/"})

    entra.answering = elsewhere
    with pytest.raises(TokenFailure):
        await asked_entra(with_secret, entra)
    assert len(entra.asked) == 1
