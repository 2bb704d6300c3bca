"""Who gets in: a known bot with a good token, at an address that answers, not too often."""

from __future__ import annotations

import time

from bellwire.simulator import refusal as no
from bellwire.simulator.asked import Asked
from bellwire.simulator.bot import Bot
from bellwire.simulator.clock import SimulatedClock
from bellwire.simulator.grants import BOT_AUDIENCE, Grants
from bellwire.simulator.limits import Gate
from bellwire.simulator.refusal import Refused
from bellwire.simulator.world import World


class Admission:
    """Each check raises Refused."""

    def __init__(self, world: World, grants: Grants, gate: Gate, clock: SimulatedClock) -> None:
        self._world = world
        self._grants = grants
        self._gate = gate
        self._clock = clock
        self.audience = BOT_AUDIENCE

    def caller(self, authorization: str) -> Bot:
        """The bot that this Authorization header proves."""
        scheme, _, token = authorization.partition(" ")
        grant = self._grants.find(token) if scheme.lower() == "bearer" else None
        if grant is None or grant.audience != self.audience or grant.expires_at <= self._clock.now():
            raise Refused(no.AUTHORIZATION_ERROR)
        bot = self._world.bots.get(grant.app_id)
        if bot is None or not bot.registered:
            raise Refused(no.BOT_NOT_REGISTERED)
        return bot

    def measure(self, asked: Asked) -> None:
        """Counts the request in all windows that it falls into, at this instant."""
        call = asked.call
        chat = self._world.chats.get(call.conversation_id or "")
        tenant_id = chat.tenant_id if chat is not None else (call.tenant or asked.bot.tenant_id)
        lane = call.conversation_id or asked.member_id
        weight = 2 if asked.is_split else 1
        now = time.monotonic()
        verdict = self._gate.arrive(asked.bot.app_id, tenant_id, call.measured_as, lane, now, weight=weight)
        if verdict is not None:
            refusal = no.THROTTLED.but(message=f"Too many requests: {verdict.name}.")
            raise Refused(self._gate.with_retry_after(refusal, verdict.retry_after, self._clock.now()))
