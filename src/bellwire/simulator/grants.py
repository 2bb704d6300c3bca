"""Access tokens that the login service gave out, and whom they stand for."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt

from bellwire.simulator import naming
from bellwire.simulator.bot import Bot

BOT_AUDIENCE = "https://api.botframework.com"
DEFAULT_LIFETIME = 3600.0


@dataclass(frozen=True, slots=True)
class Grant:
    """One token: for which app, for which audience, until when, in the name of which tenant."""

    app_id: str
    audience: str
    expires_at: datetime
    tenant_id: str


class Grants:
    """Every token given out. Checked by look-up, since who makes a token knows it."""

    def __init__(self) -> None:
        self.lifetime = DEFAULT_LIFETIME
        self._given: dict[str, Grant] = {}
        self._key = secrets.token_bytes(32)

    def give(
        self, bot: Bot, audience: str, now: datetime, *, tenant_id: str | None = None, roles: Collection[str] = ()
    ) -> str:
        """A new access token, good for ``lifetime`` seconds; ``roles`` are the permissions that it names."""
        until = now + timedelta(seconds=self.lifetime)
        grant = Grant(bot.app_id, audience, until, tenant_id or bot.tenant_id)
        token = self._encoded(grant, now, roles)
        self._given[token] = grant
        return token

    def find(self, token: str) -> Grant | None:
        return self._given.get(token)

    def revoke_all(self) -> int:
        """No token given out so far is good any longer. Returns how many there were."""
        count = len(self._given)
        self._given.clear()
        return count

    def _encoded(self, grant: Grant, now: datetime, roles: Collection[str]) -> str:
        claims: dict[str, object] = {
            "aud": grant.audience,
            "appid": grant.app_id,
            "tid": grant.tenant_id,
            "iat": int(now.timestamp()),
            "exp": int(grant.expires_at.timestamp()),
            "uti": naming.guid(),
        }
        if roles:
            claims["roles"] = sorted(roles)
        # Nobody but this service reads it, so nobody needs a public key for it.
        return jwt.encode(claims, self._key, algorithm="HS256")
