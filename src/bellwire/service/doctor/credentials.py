"""Whether each bot gets a token from the login service, and for how long its certificate lasts."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

from bellwire.errors import ConfigError
from bellwire.service.doctor.expiry import expiry
from bellwire.service.doctor.finding import Finding, fine, stops
from bellwire.service.doctor.installation import Installation
from bellwire.service.doctor.way_out import proxy_trouble
from bellwire.teams.clouds import Cloud
from bellwire.teams.credentials import Registration, credential
from bellwire.teams.tokens import TokenFailure

CHECK: Final = "credentials"
CERTIFICATE: Final = "certificate"
RENEW: Final = "Make a new one, add it to the app registration, and replace the file."

REMEDIES: Final = {
    "invalid_client": "The secret or certificate is wrong or has expired: make a new one in the app registration "
    "(Certificates & secrets) and set its value, not its id.",
    "unauthorized_client": "The tenant does not know the app id: check __APP_ID and __TENANT_ID against the Azure Bot.",
    "invalid_request": "The tenant is not known: check __TENANT_ID.",
    "invalid_scope": "The login service knows no such scope: check BELLWIRE_CLOUD__NAME, or __BOT_SCOPE with custom.",
}
"""By the login service's own code: https://learn.microsoft.com/entra/identity-platform/reference-error-codes"""


async def credentials(installation: Installation, name: str) -> tuple[str | None, Finding]:
    """A token of this bot, or None; and what there is to say of it."""
    return await token_of(installation, installation.bots[name], installation.cloud)


async def token_of(installation: Installation, bot: Registration, cloud: Cloud) -> tuple[str | None, Finding]:
    """A token of this registration in this cloud, or None; and what there is to say of it."""
    name = bot.sender
    try:
        token = await credential(bot, cloud, installation.session, clock=installation.clock)()
    except ConfigError as error:
        return None, stops(CHECK, f"{error.field}: {error.detail}", error.remedy, subject=name)
    except TokenFailure as failure:
        return None, _failed(failure, name)
    minutes = int((token.expires_at - installation.clock()).total_seconds() // 60)
    return token.value, fine(CHECK, f"The login service gave a token for {minutes} minutes.", subject=name)


def certificate(bot: Registration, now: datetime) -> Finding | None:
    """How long the certificate lasts; None where there is none, or none that can be read."""
    if bot.certificate is None:
        return None
    end = _end(bot.certificate, bot.certificate_password)
    return None if end is None else expiry(CERTIFICATE, end, now, RENEW, subject=bot.sender)


def _failed(failure: TokenFailure, name: str) -> Finding:
    said = f"The login service said {failure.said}.", REMEDIES.get(failure.said, failure.remedy)
    fact, remedy = proxy_trouble(failure.said) or said
    return stops(CHECK, f"No token. {fact}", remedy, subject=name)


def _end(path: Path, password: str | None) -> datetime | None:
    try:
        content = path.read_bytes()
        if b"-----BEGIN" in content:
            return min(found.not_valid_after_utc for found in x509.load_pem_x509_certificates(content)[:1])
        found = pkcs12.load_key_and_certificates(content, password.encode() if password else None)[1]
        return found.not_valid_after_utc if found is not None else None
    except (OSError, ValueError):
        return None
