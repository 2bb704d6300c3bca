"""Starts requests: takes work whose turn it is, writes the row before the wire, hands it to the sender."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from math import inf
from typing import Final

import structlog
from sqlalchemy import Connection

from bellwire.delivery.decision import Decision
from bellwire.delivery.lease import Lease
from bellwire.delivery.recorder import STORE_PAUSE, Recorder
from bellwire.delivery.station import Station
from bellwire.delivery.traced import send
from bellwire.delivery.work import Work
from bellwire.errors import StoreUnavailable
from bellwire.model.delivery import Priority, State
from bellwire.model.outcome import Outcome, Retry, Unknown
from bellwire.model.reason import Reason
from bellwire.net import FENCE, FENCED
from bellwire.store import amendment_queue, journal, repair_queue
from bellwire.store.journal import Begun

log = structlog.get_logger(__name__)

AT_ONCE: Final = 128
TOGETHER: Final = 16


class Starter:
    """One loop takes and begins; every request then runs by itself.

    What begins in one transaction, ``AT_ONCE`` at most, is handed to the event loop in small groups, so that an urgent
    request never waits behind a long row of others there. Urgent ones have a transaction to themselves.
    """

    def __init__(self, station: Station, recorder: Recorder) -> None:
        self._station = station
        self._recorder = recorder
        self._requests: set[asyncio.Task[None]] = set()
        self._settled = asyncio.Event()

    async def run(self) -> None:
        """Start for ever what may start."""
        while True:
            self._station.startable.clear()
            works = self._take()
            if works:
                await self._begin(works)
                await self._gather()
            else:
                await self._wait()

    async def settled(self) -> None:
        """Return when one more request has settled, or none is under way."""
        self._settled.clear()
        if self._station.lanes.under_way:
            await self._settled.wait()

    def _take(self) -> list[Work]:
        station, works = self._station, list[Work]()
        if station.stopping:
            return works
        now, hurry = station.ticks(), station.lanes.hurry()
        while len(works) < AT_ONCE and (work := station.lanes.take(now)) is not None:
            works.append(work)
            if hurry and work.priority is not Priority.URGENT:
                break
        if works:
            station.hungry.set()
        if any(work.repair_id is not None for work in works):
            station.repairs_due.set()
        return works

    async def _gather(self) -> None:
        """Let a few answers come in first, where seats are what everything waits for."""
        if not self._station.lanes.hurry():
            await self._station.gather()

    async def _wait(self) -> None:
        """Until something changes, or a lane's time comes, which is nothing to a worker that stops."""
        station, loop = self._station, asyncio.get_running_loop()
        due = inf if station.stopping else station.lanes.next_at()
        timer = None if due == inf else loop.call_at(due, station.startable.set)
        try:
            await station.startable.wait()
        finally:
            if timer is not None:
                timer.cancel()

    async def _begin(self, works: list[Work]) -> None:
        lease, now, rows = self._station.lease, self._station.clock(), list[Begun]()
        for work in works:
            work.started_at, number = now, work.attempts + 1
            begun = Begun(work.delivery_id, work.claimed_at, number, work.step, now, work.amendment_id, work.repair_id)
            rows.append(begun)
        try:
            written = await self._write(lease.worker, rows)
        except BaseException:
            for work in works:
                self._settle(work)
            raise
        for number, work in enumerate(works, start=1):
            if work.key in written:
                work.attempts += 1
                self._request(work, lease)
            else:
                self._refused(work)
            if number % TOGETHER == 0:
                await asyncio.sleep(0)

    async def _write(self, worker: str, rows: list[Begun]) -> set[str]:
        """Doing it again is harmless, so a database that does not answer is asked until it does."""
        station = self._station
        while True:
            try:
                return await station.database.write(partial(begin, worker=worker, starting=rows, now=station.clock()))
            except StoreUnavailable as error:
                log.warning("requests_wait", waiting=len(rows), code=error.code)
                await asyncio.sleep(STORE_PAUSE)

    def _request(self, work: Work, lease: Lease) -> None:
        request = asyncio.create_task(self._send(work, lease))
        self._requests.add(request)
        request.add_done_callback(self._requests.discard)

    def _refused(self, work: Work) -> None:
        """It is too late for this one, or it is not this worker's any more.

        If it is neither, by a clock that was set back meanwhile, it must not stay in hand; what is lost stays lost.
        """
        station = self._station
        self._settle(work)
        if work.expires_at is not None and work.expires_at <= station.clock():
            self._recorder.ends(work, Decision(state=State.EXPIRED, reason=Reason.EXPIRED))
        else:
            log.warning("delivery_lost", delivery=work.key, worker=work.holder)
            self._recorder.give_back(work, work.run_at)

    async def _send(self, work: Work, lease: Lease) -> None:
        station = self._station
        station.signals.begun(work.delivery_id)
        if await lease.kept():
            outcome = await self._ask(work, lease)
        else:
            outcome = Retry(None, FENCED)
        self._settle(work)
        self._recorder.ended(work, outcome, station.clock())

    async def _ask(self, work: Work, lease: Lease) -> Outcome:
        FENCE.set(lease.holds)
        try:
            return await send(self._station.senders[work.person.sender], work)
        except Exception:
            # A mistake of ours, after which nobody can say whether the request was written.
            log.exception("sender_failed", delivery=work.key, sender=work.person.sender)
            return Unknown(Reason.ANSWER_LOST, None, "sender_failed")

    def _settle(self, work: Work) -> None:
        self._station.lanes.settle(work, self._station.ticks())
        self._settled.set()
        self._station.startable.set()


def begin(conn: Connection, worker: str, starting: Sequence[Begun], now: datetime) -> set[str]:
    """Write down that attempts begin; the keys of the works that may go to the wire now."""
    deliveries = [each for each in starting if each.delivery_id and each.amendment_id is None]
    amendments = [each for each in starting if each.amendment_id is not None]
    repairs = [each for each in starting if each.repair_id is not None]
    begun = journal.begin(conn, worker, deliveries, now) if deliveries else set()
    if amendments:
        begun |= amendment_queue.begin(conn, worker, amendments)
    if repairs:
        begun |= repair_queue.begin(conn, worker, repairs)
    return begun
