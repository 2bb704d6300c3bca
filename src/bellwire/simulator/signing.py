"""Tokens that the Bot Connector signs for the bot, well or (for tests) badly in one chosen way."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from bellwire.simulator import naming

LIFETIME = timedelta(hours=1)
REUSE = timedelta(minutes=5)
ENDORSED = ("msteams", "webchat", "directline")


class Flaw(StrEnum):
    """One thing wrong with a token; everything else about it stays right."""

    FORGED = "forged"  # signed by another key under a published key id
    UNKNOWN_KEY = "unknown_key"  # signed by a key that was never published
    UNENDORSED = "unendorsed"  # signed by a published key that is not endorsed for msteams
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    NO_EXPIRY = "no_expiry"
    AUDIENCE = "audience"
    ISSUER = "issuer"
    NONE_ALGORITHM = "none_algorithm"
    HS256 = "hs256"  # the public key used as a shared secret
    RS512 = "rs512"
    NO_SERVICE_URL = "no_service_url"
    FOREIGN_SERVICE_URL = "foreign_service_url"
    GARBAGE = "garbage"  # no token at all, but a word
    BASIC = "basic"  # not a bearer
    MISSING = "missing"  # no Authorization header


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair with the id and the endorsements under which it is published."""

    kid: str
    private: RSAPrivateKey
    endorsements: tuple[str, ...]

    @classmethod
    def new(cls, endorsements: tuple[str, ...] = ENDORSED) -> SigningKey:
        return cls(naming.guid(), generate_private_key(public_exponent=65537, key_size=2048), endorsements)

    @property
    def jwk(self) -> dict[str, Any]:
        public: dict[str, Any] = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return public | {"use": "sig", "kid": self.kid, "x5t": self.kid, "endorsements": list(self.endorsements)}

    @property
    def public_pem(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class Signer:
    """Signs with its newest key. Good tokens are reused for some minutes, as the Bot Connector does."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._keys: list[SigningKey] = []
        self._unendorsed: SigningKey | None = None
        self._unpublished: SigningKey | None = None
        self._reusable: dict[tuple[str, str], tuple[datetime, str]] = {}

    @property
    def keys(self) -> list[SigningKey]:
        """The signing keys, oldest first. The first is made when it is needed: making one takes a tenth of a second."""
        self._keys = self._keys or [SigningKey.new()]
        return self._keys

    @property
    def published(self) -> list[SigningKey]:
        """What the key set lists: the newest key first."""
        return [*reversed(self.keys), *([self._unendorsed] if self._unendorsed else [])]

    def rotate(self, *, keep_old: bool = False) -> str:
        """A new signing key; the old one leaves the key set at once unless it is kept. Returns the new key id."""
        self._keys = [*(self.keys if keep_old else []), SigningKey.new()]
        self._reusable.clear()
        return self.keys[-1].kid

    def prepare_unendorsed(self) -> None:
        """Publishes a key without the msteams endorsement, before a reader caches the key set."""
        self._unendorsed = self._unendorsed or SigningKey.new(("webchat",))

    def authorization(self, app_id: str, service_url: str, now: datetime, flaw: Flaw | None = None) -> str | None:
        """The value of the Authorization header; None where the flaw is that there is none."""
        if flaw is Flaw.MISSING:
            return None
        if flaw is Flaw.GARBAGE:
            return "Bearer not-a-token"
        if flaw is not None:
            token = self._flawed(flaw, self._claims(app_id, service_url, now))
            return f"{'Basic' if flaw is Flaw.BASIC else 'Bearer'} {token}"
        return f"Bearer {self._good(app_id, service_url, now)}"

    def _good(self, app_id: str, service_url: str, now: datetime) -> str:
        made, token = self._reusable.get((app_id, service_url), (None, ""))
        if made is None or not timedelta() <= now - made < REUSE:
            token = self._signed(self._claims(app_id, service_url, now), self.keys[-1])
            self._reusable[app_id, service_url] = (now, token)
        return token

    def _claims(self, app_id: str, service_url: str, now: datetime) -> dict[str, Any]:
        return {
            "iss": self.issuer,
            "aud": app_id,
            "nbf": int(now.timestamp()) - 300,
            "exp": int((now + LIFETIME).timestamp()),
            "serviceurl": service_url,
        }

    def _flawed(self, flaw: Flaw, claims: dict[str, Any]) -> str:
        if flaw in (Flaw.NONE_ALGORITHM, Flaw.HS256):
            return self._unsafe(flaw, claims)
        key, algorithm = self.keys[-1], "RS256"
        if flaw is Flaw.FORGED:
            key = SigningKey(key.kid, self._stranger.private, ENDORSED)
        elif flaw is Flaw.UNKNOWN_KEY:
            key = self._stranger
        elif flaw is Flaw.UNENDORSED:
            self.prepare_unendorsed()
            key = self._unendorsed or key
        elif flaw is Flaw.RS512:
            algorithm = "RS512"
        return self._signed(_wrong_claims(flaw, claims), key, algorithm)

    @property
    def _stranger(self) -> SigningKey:
        self._unpublished = self._unpublished or SigningKey.new()
        return self._unpublished

    @staticmethod
    def _signed(claims: dict[str, Any], key: SigningKey, algorithm: str = "RS256") -> str:
        headers = {"kid": key.kid, "x5t": key.kid}
        return jwt.encode(claims, key.private, algorithm=algorithm, headers=headers)

    def _unsafe(self, flaw: Flaw, claims: dict[str, Any]) -> str:
        """By hand, since no library agrees to make these."""
        key = self.keys[-1]
        algorithm = "none" if flaw is Flaw.NONE_ALGORITHM else "HS256"
        header = orjson.dumps({"alg": algorithm, "typ": "JWT", "kid": key.kid})
        signed = _base64url(header) + b"." + _base64url(orjson.dumps(claims))
        signature = b"" if algorithm == "none" else _base64url(hmac.digest(key.public_pem, signed, "sha256"))
        return (signed + b"." + signature).decode()


def _wrong_claims(flaw: Flaw, claims: dict[str, Any]) -> dict[str, Any]:
    if flaw in (Flaw.NO_EXPIRY, Flaw.NO_SERVICE_URL):
        left_out = "exp" if flaw is Flaw.NO_EXPIRY else "serviceurl"
        return {name: value for name, value in claims.items() if name != left_out}
    hour = int(LIFETIME.total_seconds())
    changes: dict[Flaw, dict[str, Any]] = {
        Flaw.EXPIRED: {"nbf": claims["nbf"] - 3 * hour, "exp": claims["exp"] - 2 * hour},
        Flaw.NOT_YET: {"nbf": claims["nbf"] + 2 * hour, "exp": claims["exp"] + 2 * hour},
        Flaw.AUDIENCE: {"aud": naming.guid()},
        Flaw.ISSUER: {"iss": "https://sts.example.org/"},
        Flaw.FOREIGN_SERVICE_URL: {"serviceurl": "https://smba.example.org/emea/"},
    }
    return claims | changes.get(flaw, {})


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
