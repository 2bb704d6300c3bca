"""What Entra keeps of an app registration: its client secrets, and when they end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from bellwire.model.directory import Refused
from bellwire.teams.graph.failures import About
from bellwire.teams.graph.wire import Ask, GraphWire


@dataclass(frozen=True, slots=True)
class ListedSecret:
    """A secret as Entra lists it. ``hint`` is its first three characters; old ones have none.

    https://learn.microsoft.com/graph/api/resources/passwordcredential
    """

    ends_at: datetime
    hint: str | None = field(default=None, repr=False)


async def listed_secrets(wire: GraphWire, tenant_id: str, app_id: str) -> list[ListedSecret] | Refused:
    """The client secrets of an app registration of this tenant; those without an end are left out.

    Application.Read.All is the least permission for it: https://learn.microsoft.com/graph/api/application-get

    Raises:
        GraphUnavailable: Graph does not answer, or asks to come back later.
    """
    path = f"/applications(appId='{quote(app_id, safe='')}')?$select=appId,passwordCredentials"
    reply = await wire.ask(tenant_id, Ask("GET", path, About.APPLICATION))
    if isinstance(reply, Refused):
        return reply
    listed = reply.document.get("passwordCredentials")
    said = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return [secret for each in said if (secret := _secret(each)) is not None]


def _secret(said: Mapping[str, Any]) -> ListedSecret | None:
    hint = said.get("hint")
    try:
        end = datetime.fromisoformat(said.get("endDateTime") or "")
        end = (end if end.tzinfo else end.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
    return ListedSecret(end, hint if isinstance(hint, str) and hint else None)
