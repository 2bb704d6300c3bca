"""How a bot proves to the login service who it is (platform reference §3.4).

Microsoft's clouds are asked through azure-identity: with a secret, a certificate, or the identity that Azure gives to
the machine or the workload. A ``custom`` cloud is asked by a plain client-credentials request, since that library
insists on https and on Microsoft's own discovery.
"""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import orjson
from aiohttp import ClientSession
from yarl import URL

from bellwire.connections import ProxyFailed
from bellwire.errors import ConfigError
from bellwire.net import Answer, NoAnswer, exchange
from bellwire.teams.clouds import Cloud, checked_tenant
from bellwire.teams.envelopes import clean_code, retry_after
from bellwire.teams.tokens import Token, TokenFailure

if TYPE_CHECKING:
    from azure.identity.aio import (
        CertificateCredential,
        ClientSecretCredential,
        ManagedIdentityCredential,
        WorkloadIdentityCredential,
    )

    Entra = ClientSecretCredential | CertificateCredential | ManagedIdentityCredential | WorkloadIdentityCredential

Fetch = Callable[[], Awaitable[Token]]
Clock = Callable[[], datetime]

PASSING: Final = frozenset({408, 429})
LONGEST_LIFE: Final = timedelta(days=2)
_BEARER: Final = re.compile(r"[\x21-\x7e]{1,16384}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A bot's registration. ``sender`` is its name in the settings; without ``tenant_id`` it is multi-tenant.

    A certificate is a PEM or PKCS12 file with its RSA private key; each token reads it anew, so it may be replaced.
    """

    sender: str
    app_id: str
    tenant_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    certificate: Path | None = None
    certificate_password: str | None = field(default=None, repr=False)
    managed_identity: bool = False

    def setting(self, name: str) -> str:
        """The environment's name of one of this sender's settings."""
        return f"BELLWIRE_SENDERS__{self.sender.upper()}__{name}"


def credential(registration: Registration, cloud: Cloud, session: ClientSession, *, clock: Clock) -> Fetch:
    """What asks for this bot's tokens.

    Raises:
        ConfigError: the registration cannot be used with this cloud, or its certificate cannot be read.
    """
    if registration.tenant_id is not None:
        checked_tenant(registration.tenant_id, field=registration.setting("TENANT_ID"))
    if not cloud.custom:
        _check_certificate(registration, cloud)
        return partial(_ask_entra, registration, cloud, session, clock)
    if registration.client_secret is None:
        raise ConfigError(
            "The custom cloud takes a client secret and nothing else.", field=registration.setting("CLIENT_SECRET")
        )
    return partial(_ask_plainly, registration, cloud, session, clock)


async def _ask_plainly(registration: Registration, cloud: Cloud, session: ClientSession, clock: Clock) -> Token:
    form = {
        "grant_type": "client_credentials",
        "client_id": registration.app_id,
        "client_secret": registration.client_secret or "",
        "scope": cloud.bot_scope,
    }
    try:
        answer = await exchange(
            session,
            "POST",
            URL(cloud.token_url(registration.tenant_id), encoded=True),
            content=urlencode(form).encode(),
            content_type="application/x-www-form-urlencoded",
        )
    except NoAnswer as failure:
        raise TokenFailure(failure.kind, refused=False) from None
    return _token(answer, clock())


def _token(answer: Answer, now: datetime) -> Token:
    said: Any = None
    with suppress(orjson.JSONDecodeError):
        said = orjson.loads(answer.body or b"")
    said = said if isinstance(said, dict) else {}
    if answer.status != 200:
        after = retry_after(answer.headers.get("Retry-After"), now, answer.headers.get("Date"))
        raise _refusal(answer.status, said.get("error"), after)
    value, seconds = said.get("access_token"), said.get("expires_in")
    if isinstance(seconds, str) and seconds.isdecimal() and len(seconds) < 10:
        seconds = int(seconds)
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not 0 < seconds < float("inf"):
        raise TokenFailure("an answer without expires_in", refused=False, status=answer.status)
    if not isinstance(value, str) or not _BEARER.fullmatch(value):
        raise TokenFailure("an answer without access_token", refused=False, status=answer.status)
    life = min(timedelta(seconds=min(seconds, LONGEST_LIFE.total_seconds())), LONGEST_LIFE)
    return Token(value, now, now + life)


def _refusal(status: int, code: object, after: float | None) -> TokenFailure:
    """A 4xx blames the credentials, but for the two that mean too slow and too often."""
    refused = 400 <= status < 500 and status not in PASSING
    return TokenFailure(clean_code(code) or f"status {status}", refused=refused, status=status, retry_after=after)


def _check_certificate(registration: Registration, cloud: Cloud) -> None:
    if registration.certificate is None:
        return
    try:
        _entra(registration, cloud)
    except (ValueError, OSError):
        raise ConfigError(
            "The file is no PEM or PKCS12 certificate with its RSA private key, or the password is wrong.",
            field=registration.setting("CERTIFICATE"),
        ) from None


async def _ask_entra(registration: Registration, cloud: Cloud, session: ClientSession, clock: Clock) -> Token:
    """Ask through a new credential each time: the library keeps tokens of its own, refused ones too."""
    from azure.core.exceptions import AzureError
    from azure.core.pipeline.transport import AioHttpTransport

    try:
        transport = AioHttpTransport(session=session, session_owner=False)
        async with _entra(registration, cloud, transport=transport, retry_total=1) as entra:
            found = await entra.get_token(cloud.bot_scope)
    except AzureError as error:
        raise _entra_failure(error) from None
    except OSError:
        raise TokenFailure("the certificate or the workload's token file cannot be read", refused=True) from None
    except (ValueError, KeyError, TypeError):
        raise TokenFailure("an answer that cannot be read", refused=False) from None
    return Token(found.token, clock(), datetime.fromtimestamp(found.expires_on, UTC))


def _entra(registration: Registration, cloud: Cloud, **options: Any) -> Entra:
    # Costs half a second to import, which only those pay who need it.
    from azure.identity import aio

    tenant, app_id = registration.tenant_id or cloud.shared_tenant, registration.app_id
    options["authority"] = cloud.login_url
    if registration.client_secret is not None:
        return aio.ClientSecretCredential(tenant, app_id, registration.client_secret, **options)
    if registration.certificate is not None:
        password = registration.certificate_password
        return aio.CertificateCredential(tenant, app_id, str(registration.certificate), password=password, **options)
    if file := os.environ.get("AZURE_FEDERATED_TOKEN_FILE"):
        return aio.WorkloadIdentityCredential(tenant_id=tenant, client_id=app_id, token_file_path=file, **options)
    del options["authority"]
    return aio.ManagedIdentityCredential(client_id=app_id, **options)


def _entra_failure(error: Any) -> TokenFailure:
    """What the library's error comes down to; its text stays out, since it may repeat the request."""
    response = getattr(error, "response", None) or getattr(error.__cause__, "response", None)
    if response is None:
        proxy = getattr(error, "inner_exception", None)
        said = proxy.kind if isinstance(proxy, ProxyFailed) else "no answer from the login service"
        return TokenFailure(said, refused=False)
    code = None
    with suppress(Exception):
        code = response.json().get("error")
    after = retry_after(response.headers.get("Retry-After"), datetime.now(UTC), response.headers.get("Date"))
    return _refusal(response.status_code, code, after)
