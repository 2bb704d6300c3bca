"""``/healthz``, ``/readyz`` and ``/metrics``: for those who run the service. No key is needed; nobody is named."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import Field
from starlette.responses import JSONResponse, PlainTextResponse

from bellwire.service.health import Check, Readiness
from bellwire.web.api.documented import only
from bellwire.web.api.service import Service
from bellwire.web.schemas.fields import View

router = APIRouter(tags=["Operations"])


class Alive(View):
    """The process answers."""

    status: str = Field(examples=["ok"])


class CheckView(View):
    """One thing that the service needs."""

    name: str = Field(examples=["database"])
    well: bool
    code: str | None = Field(default=None, description="What is wrong.")
    detail: str | None = None
    remedy: str | None = Field(default=None, description="What to do about it.")


class Ready(View):
    """Whether the service can do its work."""

    ready: bool
    checks: list[CheckView]


NOT_READY: Final[dict[int | str, dict[str, Any]]] = {
    503: {"model": Ready, "description": "Something is not well; `checks` says what, and what to do about it."}
}


@router.get("/healthz", operation_id="healthz", summary="Whether the process answers")
async def healthz() -> Alive:
    """For a supervisor that restarts what hangs: looks at nothing but itself."""
    return Alive(status="ok")


@router.get(
    "/readyz", operation_id="readyz", summary="Whether the service can work", response_model=Ready, responses=NOT_READY
)
async def readyz(bellwire: Service) -> Response:
    """The database answers, the worker is at work, and no sender stands still."""
    return readiness_of(await bellwire.health.readiness())


def readiness_of(readiness: Readiness) -> Response:
    """The answer for what was found."""
    body = Ready(ready=readiness.ready, checks=[_view(check) for check in readiness.checks])
    return JSONResponse(body.model_dump(mode="json", exclude_none=True), 200 if readiness.ready else 503)


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Numbers for Prometheus",
    response_class=PlainTextResponse,
    responses=only(503),
)
async def metrics(bellwire: Service) -> Response:
    """Deliveries by state, requests to Teams by outcome and code, activities by surface, halted senders."""
    return Response(await bellwire.metrics.text(), media_type=CONTENT_TYPE_LATEST)


def _view(check: Check) -> CheckView:
    return CheckView.model_validate(check, from_attributes=True)
