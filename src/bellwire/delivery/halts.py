"""Senders that stand still: kept in memory for this worker, and in the database for restarts, others and operators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from bellwire.delivery.gate import Gate
from bellwire.delivery.station import Station
from bellwire.delivery.work import Work
from bellwire.model.reason import Reason
from bellwire.model.retry import probe_after
from bellwire.store import lanes
from bellwire.store.lanes import Halted

log = structlog.get_logger(__name__)


class Halts:
    """A halted sender keeps its queue. One request at a time tries it again, after ever longer waits."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._unwritten: dict[str, Halted | None] = {}
        self._being_written: Mapping[str, Halted | None] = {}
        self.version = 0

    def halt(self, sender: str, reason: Reason) -> list[Work]:
        """Shut the sender's gate; what its lanes had at hand, and has to go back to the queue."""
        station, now = self._station, self._station.clock()
        known = station.lanes.gate(sender)
        since = now if known is None else known.halted.halted_at
        wait = probe_after((now - since).total_seconds())
        halted = self._unwritten[sender] = Halted(sender, reason, since, now + timedelta(seconds=wait))
        station.lanes.halt(sender, Gate(halted, station.ticks() + wait, None if known is None else known.probe))
        log.error("sender_halted", sender=sender, reason=reason, probe_in=wait)
        station.signals.halted(sender)
        return [work for lane in station.lanes if lane.key.sender == sender for work in lane.empty()]

    def resume(self, sender: str) -> None:
        """The sender was found to send again."""
        if self._station.lanes.gate(sender) is not None:
            self._unwritten[sender] = None
            self._open(sender)

    def unwritten(self) -> Mapping[str, Halted | None]:
        """What is to be written with the next endings: each sender's halt, or None for one that goes on."""
        self._being_written, self._unwritten = self._unwritten, {}
        return self._being_written

    def written(self) -> None:
        """The last changes are in the database. What was read there before says nothing of them."""
        if self._being_written:
            self._being_written = {}
            self.version += 1

    def sync(self, stored: Iterable[Halted], version: int, *, afresh: bool = False) -> None:
        """Take over what the database says: another worker's halts, an operator's word to go on.

        ``version`` is the one at which the database was asked; if anything was written since, it is asked again.
        ``afresh`` tries every halted sender at once: something may have been mended before this start.
        """
        station = self._station
        if version != self.version:
            station.look_around()
            return
        ours = self._unwritten.keys() | self._being_written.keys()
        found = {halted.sender: halted for halted in stored if halted.sender not in ours}
        for sender, halted in found.items():
            if station.lanes.gate(sender) is None:
                due = station.ticks() if afresh or halted.probe_at is None else station.ticks_at(halted.probe_at)
                station.lanes.halt(sender, Gate(halted, due))
        for sender in station.lanes.halted() - found.keys() - ours:
            self._open(sender)

    def _open(self, sender: str) -> None:
        station = self._station
        station.lanes.resume(sender)
        log.info("sender_resumed", sender=sender)
        station.signals.resumed(sender)
        station.hungry.set()
        station.startable.set()


def keep(conn: Connection, changes: Mapping[str, Halted | None]) -> None:
    """Write down which senders stand still, and which go on."""
    for sender, halted in sorted(changes.items(), key=lambda change: change[0]):
        if halted is None:
            lanes.resume(conn, sender)
        else:
            lanes.halt(conn, sender, halted.reason, halted.halted_at, halted.probe_at or halted.halted_at)
