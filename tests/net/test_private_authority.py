"""A look-alike over https with a certificate of a private authority, trusted through SSL_CERT_FILE."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme
from yarl import URL

from bellwire.net import NoAnswer, exchange, open_session
from tests.support.authority import trust
from tests.support.wire import always, serving


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return context


async def test_a_private_authority_in_ssl_cert_file_is_trusted(
    authority: trustme.CA, tls: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(authority, tmp_path, monkeypatch)
    async with serving(always(200, {}), tls=tls) as server, open_session(timeout=5) as session:
        answer = await exchange(session, "POST", URL(server.url), content=b"{}")
    assert answer.status == 200


async def test_an_unknown_authority_is_refused_before_anything_is_written(tls: ssl.SSLContext) -> None:
    async with serving(always(200, {}), tls=tls) as server, open_session(timeout=5) as session:
        with pytest.raises(NoAnswer) as raised:
            await exchange(session, "POST", URL(server.url), content=b"{}")
        assert server.asked == []
    assert (raised.value.kind, raised.value.written) == ("certificate_not_trusted", False)


async def test_a_certificate_for_another_name_is_refused(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(authority, tmp_path, monkeypatch)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("elsewhere.example").configure_cert(context)
    async with serving(always(200, {}), tls=context) as server, open_session(timeout=5) as session:
        with pytest.raises(NoAnswer) as raised:
            await exchange(session, "GET", URL(server.url))
    assert raised.value.written is False


async def test_a_pooled_tls_connection_is_used_again(
    authority: trustme.CA, tls: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(authority, tmp_path, monkeypatch)
    async with serving(always(200, {}), tls=tls) as server, open_session(timeout=5) as session:
        for _ in range(3):
            assert (await exchange(session, "POST", URL(server.url), content=b"{}")).status == 200
