"""A key service of the Bot Connector on a real port, and whoever calls the bot endpoint, honest or not."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from aiohttp import web

from bellwire.simulator.signing import Flaw, Signer
from tests.support.activities import APP_ID, SERVICE_URL, TENANT

ISSUER: Final = "https://api.botframework.com"
SENDER: Final = "alerts"


@dataclass
class KeyService:
    """Publishes the keys that its tokens are signed with. ``asked`` are the paths that were asked for."""

    url: str
    signer: Signer
    asked: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    def settings(self, database_url: str) -> dict[str, Any]:
        """Settings of a service that trusts these keys; Teams itself is at the public cloud's host."""
        sender = {"app_id": APP_ID, "tenant_id": TENANT, "client_secret": "a-secret-for-tests"}
        cloud = {
            "name": "custom",
            "login_url": self.url,
            "openid_metadata_url": f"{self.url}/openid",
            "token_issuer": ISSUER,
            "service_hosts": "smba.trafficmanager.net",
        }
        return {"database_url": database_url, "senders": {SENDER: sender}, "cloud": cloud}

    def authorization(self, flaw: Flaw | None = None, service_url: str = SERVICE_URL) -> dict[str, str]:
        """The header that the Bot Connector sends, good or with one flaw."""
        value = self.signer.authorization(APP_ID, service_url, datetime.now(UTC), flaw)
        return {} if value is None else {"Authorization": value}


@cache
def _signer() -> Signer:
    """The same keys for all tests of a process: making them takes longer than most tests."""
    signer = Signer(ISSUER)
    signer.prepare_unendorsed()
    return signer


@contextlib.asynccontextmanager
async def key_service() -> AsyncIterator[KeyService]:
    """One that runs within the block."""
    signer = _signer()
    service = KeyService("", signer)
    app = web.Application()

    async def metadata(request: web.Request) -> web.Response:
        service.asked.append(request.path)
        return web.json_response({"issuer": ISSUER, "jwks_uri": f"{service.url}/keys"})

    async def keys(request: web.Request) -> web.Response:
        service.asked.append(request.path)
        return web.json_response({"keys": [key.jwk for key in signer.published]})

    app.add_routes([web.get("/openid", metadata), web.get("/keys", keys)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield service
    finally:
        await runner.cleanup()
