"""Plays a fault to the request that it hits, and writes down that it did."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from bellwire.simulator.bot import Bot
from bellwire.simulator.clock import SimulatedClock
from bellwire.simulator.events import Events
from bellwire.simulator.faults import Deed, Fault
from bellwire.simulator.grants import Grants
from bellwire.simulator.ledger import Ledger
from bellwire.simulator.person import Person
from bellwire.simulator.post import Done
from bellwire.simulator.refusal import AUTHORIZATION_ERROR, Refused
from bellwire.simulator.script import Played, Script

ABORTED = struct.pack("ii", 1, 0)
HALF = b'{"id": "17'


class Dropped(Exception):
    """The connection is cut; there is no answer."""


@dataclass(frozen=True, slots=True)
class Hit:
    """The request that a fault hits."""

    operation: str
    bot: Bot
    person: Person | None
    conversation_id: str | None
    text: str | None


class Player:
    """``deeds`` are what a person or an administrator does just before the request is looked at."""

    def __init__(self, clock: SimulatedClock, grants: Grants, ledger: Ledger, script: Script, events: Events) -> None:
        self._clock = clock
        self._grants = grants
        self._ledger = ledger
        self._script = script
        self._events = events
        self._released = asyncio.Event()
        self.deeds: dict[Deed, Callable[[Bot, Person], None]] = {}

    def release(self) -> None:
        """Lets go of everything that stalls now."""
        self._released.set()
        self._released = asyncio.Event()

    async def play(
        self, fault: Fault, hit: Hit, perform: Callable[[], Done], *, named: str | None = None
    ) -> Done | bytes:
        """What is to be answered: what ``perform`` returns, or raw bytes. ``named`` is a person who is no bot's.

        Raises:
            Refused: the fault (or the request itself) is answered with a refusal.
            Dropped: there is no answer.
        """
        self._change(fault, hit)
        entries = len(self._ledger.entries)
        done = perform() if fault.accepted else None
        # A flow may run to its end and post nothing.
        accepted = done is not None and (named is None or len(self._ledger.entries) > entries)
        self._record(fault, hit, done, named, accepted=accepted)
        if fault.deed is Deed.STALL:
            await self._hold(fault.seconds)
        if fault.deed is Deed.ANSWER:
            raise Refused(fault.refusal(self._clock.now()))
        if fault.deed is Deed.RESET or fault.drop:
            raise Dropped
        if fault.deed is Deed.REVOKE_TOKENS:
            raise Refused(AUTHORIZATION_ERROR)
        if fault.deed is Deed.GARBLE:
            return HALF
        return done or perform()

    def _change(self, fault: Fault, hit: Hit) -> None:
        if fault.deed is Deed.JUMP_CLOCK:
            self._clock.jump(fault.seconds or 0.0)
        elif fault.deed is Deed.REVOKE_TOKENS:
            self._grants.revoke_all()
        elif hit.person is not None and fault.deed in self.deeds:
            self.deeds[fault.deed](hit.bot, hit.person)

    def _record(self, fault: Fault, hit: Hit, done: Done | None, named: str | None, *, accepted: bool) -> None:
        activity_id = done[1].get("id") if done is not None and isinstance(done[1], dict) else None
        person = hit.person.aad_object_id if hit.person is not None else named
        played = Played(
            at=self._clock.now(),
            name=fault.name,
            fault=fault,
            operation=hit.operation,
            conversation_id=hit.conversation_id,
            person=person,
            text=hit.text,
            accepted=accepted,
            activity_id=activity_id,
        )
        self._script.played.append(played)
        self._events.happened("fault", lambda: {"name": fault.name, "person": person, "text": hit.text})
        entry = self._ledger.find(hit.conversation_id or "", activity_id or "")
        if entry is not None:
            entry.answered = fault.deed is Deed.STALL and not fault.drop

    async def _hold(self, seconds: float | None) -> None:
        if seconds is not None:
            await asyncio.sleep(seconds)
        else:
            await self._released.wait()


def cut(request: web.Request) -> web.Response:
    """Resets the connection of a request; what is returned reaches nobody."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORTED)
        transport.abort()
    return web.Response()
