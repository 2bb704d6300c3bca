"""Which operation of the Bot Connector a request asks for, read from its method and path alone."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from bellwire.simulator.refusal import METHOD_NOT_ALLOWED, NO_SUCH_OPERATION, Refused

# Per shape of the path: what each method asks for. ASP.NET compares the fixed words without regard to case.
OPERATIONS: dict[tuple[str, ...], dict[str, str]] = {
    (): {"POST": "create"},
    ("*", "activities"): {"POST": "send"},
    ("*", "activities", "*"): {"POST": "reply", "PUT": "update", "DELETE": "delete"},
    ("*", "members"): {"GET": "members"},
    ("*", "pagedmembers"): {"GET": "paged"},
    ("*", "members", "*"): {"GET": "member"},
}
MEASURED_AS = {
    "create": "create",
    "send": "send",
    "reply": "send",
    "members": "read",
    "paged": "read",
    "member": "read",
}
SENDING = frozenset({"send", "reply"})
WITH_BODY = frozenset({"create", "send", "reply", "update"})


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the Bot Connector. ``target`` is an activity's or a member's id."""

    operation: str
    region: str
    tenant: str | None
    conversation_id: str | None
    target: str | None

    @property
    def measured_as(self) -> str:
        return MEASURED_AS.get(self.operation, "other")


def call_of(method: str, raw_path: str) -> Call:
    """Reads a path such as ``/emea/{tenant}/v3/conversations/{id}/activities``; ids arrive URL-encoded.

    Raises:
        Refused: 404 for an unknown path, 405 (with Allow) for a method that the path does not have.
    """
    parts = raw_path.partition("?")[0].rstrip("/").split("/")[1:]
    region, tenant, rest = _split(parts)
    shape = tuple(_fixed(index, part) for index, part in enumerate(rest))
    methods = OPERATIONS.get(shape)
    if methods is None or not all(rest):
        raise Refused(NO_SUCH_OPERATION)
    operation = methods.get(method)
    if operation is None:
        raise Refused(METHOD_NOT_ALLOWED.but(Allow=", ".join(methods)))
    ids = [unquote(part) for part in rest[::2]]
    return Call(operation, region, tenant, ids[0] if ids else None, ids[1] if len(ids) > 1 else None)


def _fixed(index: int, part: str) -> str:
    return part.lower() if index % 2 else "*"


def _split(parts: list[str]) -> tuple[str, str | None, list[str]]:
    """Region, tenant (older service URLs have none), and what follows ``v3/conversations``."""
    for length in (2, 1):
        if [part.lower() for part in parts[length : length + 2]] == ["v3", "conversations"]:
            return parts[0], parts[1] if length == 2 else None, parts[length + 2 :]
    raise Refused(NO_SUCH_OPERATION)
