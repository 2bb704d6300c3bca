"""What an error looks like: problem details of RFC 9457, with a stable code and a remedy in words."""

from __future__ import annotations

from pydantic import Field

from bellwire.model.reason import Mover
from bellwire.web.schemas.fields import View


class Finding(View):
    """One of several things that are wrong with a request."""

    field: str = Field(description="A dotted path into the body, a parameter or a header.", examples=["to.tenant_id"])
    detail: str


class Problem(View):
    """Why the request was not done, and what to do about it."""

    type: str = Field(description="A stable address for this kind of problem.", examples=["/problems/uninstalled"])
    title: str = Field(description="The kind of problem, in words.")
    status: int = Field(description="The HTTP status once more.", ge=400, le=599)
    detail: str = Field(description="What happened this time.")
    code: str = Field(description="A stable code; never changes its meaning.", examples=["uninstalled"])
    remedy: str = Field(description="What to do about it.")
    field: str | None = Field(default=None, description="Which input is meant: a dotted path, a parameter, a header.")
    whose_move: Mover | None = Field(default=None, description="Whose move it is, where that is known.")
    errors: list[Finding] | None = Field(default=None, description="All findings, where there are several.")
