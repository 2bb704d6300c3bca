"""The web application: the bot endpoint, the API and the operator's addresses, behind the same guards."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware import Middleware

from bellwire.app import Bellwire
from bellwire.release import release
from bellwire.web import bot, health
from bellwire.web.api import activities, books, callbacks, deliveries, messages, people, references, repairs, senders
from bellwire.web.limits import BodyLimits
from bellwire.web.openapi import TITLE, install_openapi
from bellwire.web.problems import LastResort, install_problems
from bellwire.web.security import ApiKeys
from bellwire.web.traced import Traced

PARTS: Final = (
    bot,
    messages,
    deliveries,
    callbacks,
    people,
    references,
    repairs,
    activities,
    senders,
    books,
    health,
)


# FastAPI's own spans hold the path and the query as they were asked for, which name people, and its logs hold what
# callers sent; ours are in ``traced``.
TELEMETRY: Final[TelemetryConfig] = {"tracing": False, "logs": False, "auto_configure": False}


def create_app(bellwire: Bellwire, *, api: bool = True) -> FastAPI:
    """The application over an open service. It neither opens nor closes the service.

    Without ``api`` it has the operator's addresses alone, for a process that only sends.
    """
    app = FastAPI(
        title=TITLE,
        version=release(),
        redirect_slashes=False,
        docs_url=None,  # FastAPI's page is loaded from elsewhere, which many a network does not allow
        redoc_url=None,
        telemetry=TELEMETRY,
        middleware=[
            Middleware(LastResort),
            Middleware(ApiKeys, doorman=bellwire.keys),
            Middleware(BodyLimits),
            Middleware(Traced),
        ],
    )
    app.state.bellwire = bellwire
    for part in PARTS if api else (health,):
        app.include_router(part.router)
    install_problems(app)
    install_openapi(app)
    return app


def described() -> dict[str, Any]:
    """The API's description as the service serves it at /openapi.json; no service has to be open for it."""
    app = FastAPI(title=TITLE, version=release())
    for part in PARTS:
        app.include_router(part.router)
    install_openapi(app)
    return app.openapi()
