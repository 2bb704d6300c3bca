"""The Bot Connector's front door: reads a request, checks who calls, measures it, and answers."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import web

from bellwire.simulator import refusal as no
from bellwire.simulator.bot import Bot
from bellwire.simulator.call import WITH_BODY, Call, call_of
from bellwire.simulator.chat import Chat
from bellwire.simulator.clock import SimulatedClock
from bellwire.simulator.grants import Grants
from bellwire.simulator.ledger import Denial, Ledger
from bellwire.simulator.limits import Gate
from bellwire.simulator.login import BOT_AUDIENCE
from bellwire.simulator.naming import GUID
from bellwire.simulator.post import Done, Post
from bellwire.simulator.refusal import Refusal, Refused
from bellwire.simulator.regions import Regions
from bellwire.simulator.roster import Roster
from bellwire.simulator.world import World

Write = Callable[[Call, Bot, Any, int], Done]
LARGEST_BODY = 8 * 1024 * 1024


class Connector:
    """Every request of a bot comes through ``answer``."""

    def __init__(
        self,
        world: World,
        grants: Grants,
        clock: SimulatedClock,
        gate: Gate,
        ledger: Ledger,
        regions: Regions,
        post: Post,
        roster: Roster,
    ) -> None:
        self._world = world
        self._grants = grants
        self._clock = clock
        self._gate = gate
        self._ledger = ledger
        self._regions = regions
        self._post = post
        self._roster = roster
        self._writes: dict[str, Write] = {
            "create": post.create,
            "send": post.send,
            "reply": post.send,
            "update": post.update,
            "delete": post.delete,
        }
        self._vector = secrets.token_urlsafe(16)
        self._number = itertools.count(1)
        self.audience = BOT_AUDIENCE

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The response to one request; refusals go into the ledger."""
        call: Call | None = None
        payload: Any = None
        try:
            call = call_of(request.method, request.raw_path)
            bot = self._caller(request)
            self._regions.check(call.region)
            body = await request.read()
            payload = _parsed(request, body) if call.operation in WITH_BODY else None
            self._measure(call, bot, payload)
            return self._response(*self._do(call, bot, payload, len(body), request))
        except Refused as refused:
            return self._refuse(call, payload, refused.refusal)

    def _do(self, call: Call, bot: Bot, payload: Any, received: int, request: web.Request) -> Done:
        write = self._writes.get(call.operation)
        if write is not None:
            return write(call, bot, payload, received)
        if call.operation == "paged":
            return 200, self._roster.paged(call, bot, request.query)
        if call.operation == "member":
            return 200, self._roster.member(call, bot)
        return 200, self._roster.members(call, bot)

    def _caller(self, request: web.Request) -> Bot:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        grant = self._grants.find(token) if scheme.lower() == "bearer" else None
        if grant is None or grant.audience != self.audience or grant.expires_at <= self._clock.now():
            raise Refused(no.AUTHORIZATION_ERROR)
        bot = self._world.bots.get(grant.app_id)
        if bot is None or not bot.registered:
            raise Refused(no.BOT_NOT_REGISTERED)
        return bot

    def _measure(self, call: Call, bot: Bot, payload: Any) -> None:
        chat = self._chat(call)
        tenant_id = chat.tenant_id if chat is not None else (call.tenant or bot.tenant_id)
        lane = call.conversation_id or _member(payload)
        verdict = self._gate.arrive(bot.app_id, tenant_id, call.measured_as, lane, time.monotonic())
        if verdict is not None:
            refusal = no.THROTTLED.but(message=f"Too many requests: {verdict.name}.")
            raise Refused(self._gate.with_retry_after(refusal, verdict.retry_after, self._clock.now()))

    def _chat(self, call: Call | None) -> Chat | None:
        return self._world.chats.get(call.conversation_id or "") if call is not None else None

    def _refuse(self, call: Call | None, payload: Any, refusal: Refusal) -> web.Response:
        chat = self._chat(call)
        denial = Denial(
            at=self._clock.now(),
            operation=call.operation if call is not None else "unknown",
            conversation_id=call.conversation_id if call is not None else None,
            person=chat.person if chat is not None else _known(_member(payload)),
            status=refusal.status,
            code=refusal.code,
            text=_text(payload),
        )
        self._ledger.refuse(denial)
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


def _parsed(request: web.Request, body: bytes) -> Any:
    if request.content_type not in ("application/json", "text/json"):
        raise Refused(no.UNSUPPORTED_MEDIA)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused(no.BAD_SYNTAX.but(message="The body is no JSON.")) from None


def _member(payload: Any) -> str | None:
    """Whom a create names, before anything about it is checked."""
    members = payload.get("members") if isinstance(payload, dict) else None
    first = members[0] if isinstance(members, list) and members else None
    named = first.get("id") if isinstance(first, dict) else None
    return named if isinstance(named, str) else None


def _known(member: str | None) -> str | None:
    return member.lower() if member is not None and GUID.fullmatch(member) else None


def _text(payload: Any) -> str | None:
    text = payload.get("text") if isinstance(payload, dict) else None
    return text if isinstance(text, str) else None
