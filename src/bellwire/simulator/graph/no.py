"""How Microsoft Graph says no (platform reference §7): a status, a code, a message and sometimes a code inside."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class GraphRefusal:
    """One refusal; ``but`` makes another."""

    status: int
    code: str
    message: str
    inner: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        inner = {"code": self.inner} if self.inner is not None else {}
        error = {"code": self.code, "message": self.message}
        return {"error": {**error, "innerError": {**inner, "date": "2026-11-22T09:00:00", "request-id": "simulated"}}}

    def but(self, message: str, **headers: str) -> GraphRefusal:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, message=message, headers={**self.headers, **more})


class GraphRefused(Exception):
    """Carries a refusal to where the answer is written."""

    def __init__(self, refusal: GraphRefusal) -> None:
        super().__init__(f"{refusal.status} {refusal.code}")
        self.refusal = refusal


BAD_REQUEST = GraphRefusal(400, "BadRequest", "The request is malformed.")
BAD_FILTER = GraphRefusal(400, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause specified.")
BAD_TOKEN = GraphRefusal(401, "InvalidAuthenticationToken", "Access token validation failure.")
NO_PRIVILEGES = GraphRefusal(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
NO_ROLES = GraphRefusal(403, "Forbidden", "Missing role permissions on the request. API requires one of '{}'.")
POLICY = GraphRefusal(
    403, "Forbidden", "App is blocked by app permission policy. AppType: Private", inner="AccessDenied"
)
NOT_OWN_APP = GraphRefusal(403, "Forbidden", "AAD App Id '{}' is not allowed to manage the Teams App '{}'")
USER_NOT_FOUND = GraphRefusal(
    404, "Request_ResourceNotFound", "Resource '{}' does not exist or one of its queried reference-property objects."
)
APP_NOT_FOUND = GraphRefusal(404, "NotFound", "No app found with id '{}'.")
NO_SUCH_ADDRESS = GraphRefusal(404, "NotFound", "Resource not found for the segment.")
ALREADY_INSTALLED = GraphRefusal(409, "Conflict", "App is already installed in the user's personal scope.")
THROTTLED = GraphRefusal(429, "TooManyRequests", "Too many requests.")
