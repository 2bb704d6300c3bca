"""Writes down what became of requests, in batches, and acts on it at once where others cannot wait for the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Connection

from bellwire.delivery.decision import Decision, Pause, decide
from bellwire.delivery.endings import Ending, ending, write_down
from bellwire.delivery.halts import Halts, keep
from bellwire.delivery.history import Attempt, healing, kind
from bellwire.delivery.station import Station
from bellwire.delivery.tally import Ended
from bellwire.delivery.work import Work
from bellwire.errors import StoreUnavailable
from bellwire.model.delivery import State
from bellwire.model.outcome import Halt, Opened, Outcome, Scope, Sent
from bellwire.store.journal import Result
from bellwire.store.lanes import Halted
from bellwire.store.recall import Claims, recall

log = structlog.get_logger(__name__)

STORE_PAUSE: Final = 0.5


class Recorder:
    """Takes endings from everyone and writes them down in the order in which they came."""

    def __init__(self, station: Station, halts: Halts) -> None:
        self._station = station
        self._halts = halts
        self._endings: list[Ending] = []
        self._returned: list[tuple[Work, datetime]] = []
        self._something = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def ended(self, work: Work, outcome: Outcome, finished_at: datetime) -> None:
        """A request was answered, or failed."""
        station, started_at = self._station, work.started_at or finished_at
        decision = decide(work.case(started_at), outcome, finished_at, station.random.random(), station.tuning.retry)
        over = ending(work, outcome, decision, finished_at)
        if decision.state is State.SENDING:
            self._prepare(work, outcome, decision, finished_at)
        self._add(over)
        self._act(work, outcome, decision)

    def ends(self, work: Work, decision: Decision) -> None:
        """A delivery ends, or waits, without a request."""
        now = self._station.clock()
        result = Result(
            *(work.delivery_id, work.claimed_at, work.lane, work.attempts, decision.state, now),
            reason=decision.reason,
            repair_id=work.repair_id,
        )
        self._add(Ending(work, result, decision))

    def give_back(self, work: Work, run_at: datetime) -> None:
        """A delivery was claimed, and has its turn later."""
        self._returned.append((work, run_at))
        self._wake()

    async def run(self) -> None:
        """Write for ever."""
        while True:
            await self._something.wait()
            await self._station.gather()
            self._something.clear()
            endings, self._endings = self._endings, []
            returned, self._returned = self._returned, []
            moved = await self._write(partial(self._op, endings, returned, self._halts.unwritten()))
            self._halts.written()
            for over in endings:
                self._follow(over, over.work.key in moved)
            for work, run_at in returned:
                self._station.due(work.lane, run_at)
            if not self._something.is_set():
                self._idle.set()

    async def recall(self, worker: str, claims: Claims) -> None:
        """Give back what an operation claimed whose commit nobody confirmed.

        Whoever claims waits for it: what is claimed anew meanwhile would be taken back as well.
        """
        if claims:
            recalled = await self._write(partial(recall, worker=worker, claims=claims))
            log.warning("claims_recalled", worker=worker, claims=len(recalled))

    async def written(self) -> None:
        """Return when nothing is left to write."""
        await self._idle.wait()

    def _add(self, over: Ending) -> None:
        self._endings.append(over)
        self._wake()

    def _wake(self) -> None:
        self._idle.clear()
        self._something.set()

    async def _write(self, op: Callable[[Connection], set[str]]) -> set[str]:
        """Write, and try again until the database takes it: what became of a request is never thrown away."""
        while True:
            try:
                return await self._station.database.write(op)
            except StoreUnavailable as error:
                log.warning("results_wait", code=error.code)
                await asyncio.sleep(STORE_PAUSE)

    def _op(
        self,
        endings: Sequence[Ending],
        returned: Sequence[tuple[Work, datetime]],
        halts: Mapping[str, Halted | None],
        conn: Connection,
    ) -> set[str]:
        keep(conn, halts)
        return write_down(conn, endings, returned, self._station.clock())

    def _prepare(self, work: Work, outcome: Outcome, decision: Decision, finished_at: datetime) -> None:
        """Make the work ready for the next request, which follows as soon as this one is written down."""
        assert work.started_at is not None
        assert decision.step is not None
        past = Attempt(
            step=work.step,
            started_at=work.started_at,
            finished_at=finished_at,
            outcome=kind(type(outcome)),
            remedy=healing(outcome),
        )
        work.history = work.history.after(past)
        work.step = decision.step
        if decision.address is not None:
            work.conversation_id, work.service_url = decision.address.conversation_id, decision.address.service_url
        work.service_url = self._station.way(work.person.sender, work.history, work.service_url)

    def _act(self, work: Work, outcome: Outcome, decision: Decision) -> None:
        """Shut and open what concerns other requests, now."""
        if decision.pause is not None:
            self._pause(work, decision.pause)
        if isinstance(outcome, Halt) and decision.halt is not None:
            for other in self._halts.halt(work.person.sender, decision.halt):
                self.give_back(other, other.run_at)
        elif isinstance(outcome, Sent | Opened):
            self._halts.resume(work.person.sender)

    def _pause(self, work: Work, pause: Pause) -> None:
        lane = self._station.lanes.get(work.lane)
        if lane is None:
            return
        until = self._station.ticks_at(pause.until)
        if pause.scope is Scope.INSTALLS:
            lane.installs.pause(until)
        elif pause.scope is Scope.TENANT:
            lane.paused_until = max(lane.paused_until, until)
            for other in lane.empty():
                self.give_back(other, other.run_at)
        else:
            lane.pause_conversation(work.person.aad_object_id, until)

    def _follow(self, over: Ending, moved: bool) -> None:
        """Go on with what is tried again at once."""
        work, station = over.work, self._station
        lane = station.lanes.get(work.lane)
        if moved and over.result.state.final and work.key == work.delivery_id:
            station.tally.ended[Ended(work.person.sender, over.result.state, over.decision.reason)] += 1
        if over.decision.state is State.SENDING and moved and lane is not None:
            if station.stopping or lane.leaving or work.holder != station.worker:
                self.give_back(work, over.result.finished_at)
            else:
                lane.add_first(work)
                station.lanes.touch(lane)
                station.startable.set()
        if over.result.run_at is not None:
            station.due(work.lane, over.result.run_at)
        if work.amendment_id is not None:
            station.look_around()  # a newer wish about the same message may have waited for this one
        station.signals.recorded(work.key)
