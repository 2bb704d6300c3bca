"""What answers while the tables are not there yet: alive, not ready, and why."""

from __future__ import annotations

from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bellwire.errors import BellwireError
from bellwire.service.health import Check, Readiness
from bellwire.web.health import readiness_of
from bellwire.web.problems import problem

EVERYTHING: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


def create_waiting_app(reason: BellwireError) -> Starlette:
    """Green for the supervisor, red for the balancer, and the reason for everybody else."""
    check = Check("database", False, reason.code, reason.detail, reason.remedy)

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        return readiness_of(Readiness([check]))

    async def anything(_: Request) -> Response:
        return problem(reason)

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/{path:path}", anything, methods=EVERYTHING),
        ]
    )
