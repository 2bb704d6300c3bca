"""What stands still at present, so that whoever asks about a queued delivery is told why it waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bellwire.model.delivery import Delivery, State
from bellwire.store import lanes
from bellwire.store.lanes import Standstill
from bellwire.store.tables import EVERY_TENANT


class Standstills:
    """All lanes that are paused, and all senders that are halted, at one moment."""

    def __init__(self, conn: Connection, now: datetime) -> None:
        self._found = {(each.sender, each.tenant_id): each for each in lanes.standstills(conn, now)}

    def of(self, sender: str, tenant_id: str) -> Standstill | None:
        """Why nothing of this sender goes out into this tenant, if so."""
        return self._found.get((sender, EVERY_TENANT)) or self._found.get((sender, tenant_id))

    def seen_in(self, delivery: Delivery) -> Delivery:
        """The delivery as it stands: one that is queued where nothing goes out waits for that, and until then."""
        found = self.of(delivery.person.sender, delivery.person.tenant_id) if delivery.state is State.QUEUED else None
        if found is None:
            return delivery
        return replace(delivery, reason=found.reason, run_at=max(delivery.run_at, found.until))
