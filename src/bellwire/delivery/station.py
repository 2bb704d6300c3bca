"""What the parts of one worker share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final

from bellwire.delivery.agenda import Agenda
from bellwire.delivery.history import History
from bellwire.delivery.lanes import Lanes
from bellwire.delivery.lease import Lease
from bellwire.delivery.sender import Sender
from bellwire.delivery.signals import Signals
from bellwire.delivery.tally import Tally
from bellwire.delivery.tuning import Tuning
from bellwire.model.outcome import Remedy
from bellwire.store.database import Database
from bellwire.store.lanes import LaneKey

SOON: Final = 0.05
BEAT: Final = 0.02


@dataclass(slots=True, eq=False, kw_only=True)
class Station:
    """``lease`` says under which id this worker holds deliveries, and for how long; ``stopping`` ends what would begin
    anew, ``unseen`` has the feeder look around; ``workers`` is how many are alive, this one among them.

    ``clock`` tells the time of day, for what is stored; paces are kept in the event loop's monotonic seconds, which
    no clock that is set forward or back can disturb; ``ticks`` tells them. The lease has ticks of its own, which count
    on where the machine sleeps: a pace that stood still meanwhile is only slower.
    """

    database: Database
    senders: Mapping[str, Sender]
    clock: Callable[[], datetime]
    random: Random
    tuning: Tuning
    signals: Signals
    lease: Lease
    lanes: Lanes
    workers: int = 1
    stopping: bool = False
    unseen: bool = True
    hungry: asyncio.Event = field(default_factory=asyncio.Event)
    startable: asyncio.Event = field(default_factory=asyncio.Event)
    urgent: asyncio.Event = field(default_factory=asyncio.Event)
    repairs_due: asyncio.Event = field(default_factory=asyncio.Event)
    rosters_due: asyncio.Event = field(default_factory=asyncio.Event)
    tally: Tally = field(default_factory=Tally)
    agenda: Agenda = field(init=False)
    ticks: Callable[[], float] = field(init=False)

    def __post_init__(self) -> None:
        self.agenda = Agenda(self.look_around)

    @property
    def worker(self) -> str:
        """The id under which this worker holds deliveries."""
        return self.lease.worker

    async def gather(self) -> None:
        """On a busy worker, wait for the next beat, on which all parts write: fewer, larger transactions.

        It is not waited for when something urgent comes in.
        """
        if self.lanes.under_way * 2 <= self.tuning.seats:
            return
        self.urgent.clear()
        beat = (self.ticks() // BEAT + 1) * BEAT
        timer = asyncio.get_running_loop().call_at(beat, self.urgent.set)
        try:
            await self.urgent.wait()
        finally:
            timer.cancel()

    def due(self, key: LaneKey, moment: datetime) -> None:
        """Something of this lane falls due at this time of day."""
        self.agenda.put(key, max(self.ticks_at(moment), self.ticks() + SOON))

    def look_around(self) -> None:
        """There may be lanes with work that this worker does not know of, amendments, or another's word about halts."""
        self.unseen = True
        self.hungry.set()

    def ticks_at(self, moment: datetime) -> float:
        """The monotonic second of a time of day, as seen at this moment."""
        return self.ticks() + (moment - self.clock()).total_seconds()

    def after(self, seconds: float) -> datetime:
        """The time of day so many seconds from now."""
        return self.clock() + timedelta(seconds=seconds)

    def enter(self) -> None:
        """Keep the time of the event loop that is running now."""
        self.ticks = asyncio.get_running_loop().time

    def way(self, sender: str, history: History, service_url: str) -> str:
        """The service URL to use: the one given, or the other host once Teams has said that this is the wrong one."""
        if Remedy.SWITCH_HOST not in history.healed:
            return service_url
        return self.senders[sender].spare_service_url or service_url
