"""The configured senders, and whether each of them can send at present."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bellwire.service.senders import Senders
from bellwire.store import lanes
from bellwire.store.database import Database
from bellwire.store.lanes import Standstill
from bellwire.store.tables import EVERY_TENANT


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderState:
    """A sender; ``halted`` says why nothing goes out anywhere, ``paused_tenants`` counts where it waits by itself."""

    name: str
    kind: str
    default: bool
    halted: Standstill | None
    paused_tenants: int


class SenderList:
    """Looks at all senders at once."""

    def __init__(self, database: Database, senders: Senders, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._senders = senders
        self._clock = clock

    async def every(self) -> list[SenderState]:
        """All senders, in the order of their names."""
        found = await self._database.read(partial(lanes.standstills, now=self._clock()))
        return [self._state(name, found) for name in sorted(self._senders.own_tenants)]

    def _state(self, name: str, found: Sequence[Standstill]) -> SenderState:
        own = [each for each in found if each.sender == name]
        return SenderState(
            name=name,
            kind="flow" if name in self._senders.flows else "bot",
            default=name == self._senders.usual,
            halted=next((each for each in own if each.tenant_id == EVERY_TENANT), None),
            paused_tenants=sum(each.tenant_id != EVERY_TENANT for each in own),
        )
