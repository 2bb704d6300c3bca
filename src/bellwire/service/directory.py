"""The seam between the service and a tenant's directory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bellwire.model.directory import Found
from bellwire.model.recipient import Recipient


class Directory(Protocol):
    """One sender's view of the directories of tenants."""

    async def find(self, tenant_id: str, names: Sequence[Recipient]) -> list[Found]:
        """Whom each of these names may mean in the tenant, in their order.

        Raises:
            Unavailable: the directory does not answer at present.
        """
