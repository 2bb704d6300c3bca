"""The Bot Connector's front door: reads a request, lets it in or not, and writes the answer."""

from __future__ import annotations

import itertools
import secrets
from typing import Any

import orjson
from aiohttp import web

from bellwire.simulator import refusal as no
from bellwire.simulator.admission import Admission
from bellwire.simulator.asked import Asked
from bellwire.simulator.call import WITH_BODY, Call, call_of
from bellwire.simulator.clock import SimulatedClock
from bellwire.simulator.desk import Desk
from bellwire.simulator.ledger import Denial, Ledger
from bellwire.simulator.player import Dropped, Hit, Player, cut
from bellwire.simulator.post import Done
from bellwire.simulator.refusal import Refusal, Refused
from bellwire.simulator.regions import Regions
from bellwire.simulator.script import Script

LARGEST_BODY = 8 * 1024 * 1024


class Connector:
    """Every request of a bot comes through ``answer``."""

    def __init__(
        self,
        regions: Regions,
        admission: Admission,
        desk: Desk,
        script: Script,
        player: Player,
        ledger: Ledger,
        clock: SimulatedClock,
    ) -> None:
        self._regions = regions
        self._admission = admission
        self._desk = desk
        self._script = script
        self._player = player
        self._ledger = ledger
        self._clock = clock
        self._vector = secrets.token_urlsafe(16)
        self._number = itertools.count(1)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The response to one request; refusals go into the ledger."""
        call: Call | None = None
        asked: Asked | None = None
        try:
            call = call_of(request.method, request.raw_path)
            bot = self._admission.caller(request.headers.get("Authorization", ""))
            self._regions.check(call.region)
            body = await _read(request)
            payload = _parsed(request, body) if call.operation in WITH_BODY else None
            asked = Asked(call, bot, payload, len(body), request.query)
            self._admission.measure(asked)
            done = await self._serve(asked)
            return self._response(201, done) if isinstance(done, bytes) else self._response(*done)
        except Refused as refused:
            self._deny(call, asked, refused.refusal)
            return self._refuse(refused.refusal)
        except Dropped:
            return cut(request)

    async def _serve(self, asked: Asked) -> Done | bytes:
        if not self._script.active:
            return self._desk.perform(asked)
        person, call = self._desk.person(asked), asked.call
        fault = self._script.pick(call.operation, person.aad_object_id if person else None, asked.text)
        if fault is None:
            return self._desk.perform(asked)
        hit = Hit(call.operation, asked.bot, person, call.conversation_id, asked.text)
        return await self._player.play(fault, hit, lambda: self._desk.perform(asked))

    def _deny(self, call: Call | None, asked: Asked | None, refusal: Refusal) -> None:
        person = self._desk.person(asked) if asked is not None else None
        denial = Denial(
            at=self._clock.now(),
            operation=call.operation if call is not None else "unknown",
            conversation_id=call.conversation_id if call is not None else None,
            person=person.aad_object_id if person is not None else None,
            status=refusal.status,
            code=refusal.code,
            text=asked.text if asked is not None else None,
        )
        self._ledger.refuse(denial)

    def _refuse(self, refusal: Refusal) -> web.Response:
        return self._response(refusal.status, refusal.body, refusal.headers, refusal.content_type)

    def _response(
        self,
        status: int,
        document: Any,
        headers: dict[str, str] | None = None,
        content_type: str = "application/json",
    ) -> web.Response:
        body = document if isinstance(document, bytes) else b"" if document is None else orjson.dumps(document)
        vector = {"MS-CV": f"{self._vector}.{next(self._number)}", "Content-Type": f"{content_type}; charset=utf-8"}
        return web.Response(status=status, body=body, headers=vector | headers if headers else vector)


async def _read(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise Refused(no.MESSAGE_SIZE_TOO_BIG) from None


def _parsed(request: web.Request, body: bytes) -> Any:
    if request.content_type not in ("application/json", "text/json"):
        raise Refused(no.UNSUPPORTED_MEDIA)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused(no.BAD_SYNTAX.but(message="The body is no JSON.")) from None
