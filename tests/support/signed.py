"""Real keys and tokens signed with them, good ones and every kind of bad ones; and a key service to fetch from."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from tests.support.wire import Asked, serving

APP_ID: Final = "22222222-2222-2222-2222-222222222222"
ISSUER: Final = "https://api.botframework.com"
SERVICE_URL: Final = "https://teams.example/emea/1/"
NOW: Final = datetime(2026, 11, 22, 9, tzinfo=UTC)


def key(name: str, *, bits: int = 2048) -> RSAPrivateKey:
    """The key of this name; made once."""
    return _made(name, bits)


@cache
def _made(name: str, bits: int) -> RSAPrivateKey:
    del name
    return generate_private_key(65537, bits)


def jwk(name: str, *, bits: int = 2048, **changes: Any) -> dict[str, Any]:
    """Its public half as published; None in ``changes`` takes a field out."""
    published: dict[str, Any] = RSAAlgorithm.to_jwk(key(name, bits=bits).public_key(), as_dict=True)
    published |= {"kid": name, "use": "sig", "alg": "RS256", "endorsements": ["msteams", "webchat"]}
    published.pop("key_ops", None)
    published |= changes
    return {field: value for field, value in published.items() if value is not None}


def token(
    signed_with: str = "one",
    *,
    at: datetime = NOW,
    headers: dict[str, Any] | None = None,
    algorithm: str = "RS256",
    **changes: Any,
) -> str:
    """A good token of the Bot Connector's, but for ``changes`` in its claims; None takes a claim out."""
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": APP_ID,
        "nbf": at.timestamp(),
        "exp": (at + timedelta(hours=1)).timestamp(),
        "serviceurl": SERVICE_URL,
    }
    claims |= changes
    claims = {name: value for name, value in claims.items() if value is not None}
    secret: Any = key(signed_with) if algorithm.startswith("RS") else "x" * 64
    # Not jwt.encode, which refuses to make the bad ones.
    said = json.dumps(claims).encode()
    return jwt.api_jws.encode(said, secret, algorithm=algorithm, headers={"kid": signed_with} | (headers or {}))


@dataclass
class KeyService:
    """Publishes keys at an address; ``fails`` makes it answer 500, ``says`` puts other metadata in its place."""

    url: str = ""
    published: list[dict[str, Any]] = field(default_factory=lambda: [jwk("one")])
    asked: list[str] = field(default_factory=list)
    fails: bool = False
    says: object = None

    @property
    def fetches(self) -> int:
        """How often the keys were asked for."""
        return sum(path.endswith("openid") for path in self.asked)

    async def answer(self, asked: Asked) -> web.StreamResponse:
        self.asked.append(asked.path)
        if self.fails:
            return web.Response(status=500)
        if asked.path == "/openid":
            return web.json_response(self.says or {"issuer": ISSUER, "jwks_uri": f"{self.url}/keys"})
        return web.json_response({"keys": self.published})


@contextlib.asynccontextmanager
async def key_service() -> AsyncIterator[KeyService]:
    """A key service that runs within the block."""
    service = KeyService()
    async with serving(service.answer) as server:
        service.url = server.url
        yield service
