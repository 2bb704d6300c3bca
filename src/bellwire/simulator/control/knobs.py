"""Control calls that change how the simulated Teams behaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from aiohttp import web

from bellwire.simulator.bot import Bot
from bellwire.simulator.control.body import Body, Mistake, answered, built, read
from bellwire.simulator.control.view import answer_view
from bellwire.simulator.faults import Fault
from bellwire.simulator.limits import Limits
from bellwire.simulator.playground import Playground
from bellwire.simulator.refusal import Envelope
from bellwire.simulator.regions import Region
from bellwire.simulator.rules import Manners
from bellwire.simulator.script import Storm
from bellwire.simulator.signing import Flaw


class Chance(Body):
    chance: float
    fault: Fault


class NewStorm(Body):
    seed: int
    chances: list[Chance]
    at_most: int | None = None


class NewManners(Body):
    uninstalled: Literal["BotNotInConversationRoster", "MessageWritesBlocked"] = "BotNotInConversationRoster"
    blocked: Literal["ConversationBlockedByUser", "MessageWritesBlocked"] = "ConversationBlockedByUser"
    envelope: Envelope = Envelope.MODERN
    person: str | None = None


class Options(Body):
    """What is left out stays as it is."""

    size_limit: int | None = None
    chat_id_length: int | None = None
    token_lifetime: float | None = None


class BotChange(Body):
    endpoint: str | None = None
    registered: bool | None = None
    secret: str | None = None
    name: str | None = None
    app_version: str | None = None


class NewBot(BotChange):
    app_id: str
    tenant_id: str


class Jump(Body):
    seconds: float


class Rotation(Body):
    keep_old: bool = False


class Relocation(Body):
    old: str
    new: str
    state: Region = Region.OPEN


class Parcel(Body):
    """Any activity at all, to be sent to the bot."""

    activity: dict[str, Any]
    flaw: Flaw | None = None


class Knobs:
    """One call for each thing that can be turned."""

    def __init__(self, sim: Playground) -> None:
        self._sim = sim

    async def settings(self, request: web.Request) -> web.Response:
        return answered(self._sim.settings(request.query.get("sender", "alerts")))

    async def reset(self, _request: web.Request) -> web.Response:
        self._sim.reset()
        return answered({})

    async def add_faults(self, request: web.Request) -> web.Response:
        faults = await read(request, list[Fault])
        self._sim.faults.add(*faults)
        return answered({"pending": len(self._sim.faults.pending)}, 201)

    async def clear_faults(self, _request: web.Request) -> web.Response:
        self._sim.faults.clear()
        return answered({})

    async def release(self, _request: web.Request) -> web.Response:
        """Lets go of what stalls."""
        self._sim.player.release()
        return answered({})

    async def storm(self, request: web.Request) -> web.Response:
        given = await read(request, NewStorm)
        chances = tuple((chance.chance, chance.fault) for chance in given.chances)
        self._sim.faults.storm(Storm(given.seed, chances, given.at_most))
        return answered({})

    async def calm(self, _request: web.Request) -> web.Response:
        self._sim.faults.storm(None)
        return answered({})

    async def limits(self, _request: web.Request) -> web.Response:
        return answered({"limits": self._sim.gate.limits, "exceeded": dict(self._sim.exceeded)})

    async def change_limits(self, request: web.Request) -> web.Response:
        """All limits anew; windows are ``[most, seconds]``, and what is left out is Teams' own."""
        self._sim.gate.change(await read(request, Limits))
        return answered({"limits": self._sim.gate.limits})

    async def manners(self, request: web.Request) -> web.Response:
        """How refusals are put, to all or to one person."""
        given = await read(request, NewManners)
        manners = Manners(given.uninstalled, given.blocked, given.envelope)
        if given.person is not None:
            self._sim.rules.manners.by_person[given.person.lower()] = manners
        else:
            self._sim.rules.manners = manners
        return answered({})

    async def options(self, request: web.Request) -> web.Response:
        given = await read(request, Options)
        if given.size_limit is not None:
            self._sim.post.size_limit = given.size_limit
        if given.chat_id_length is not None:
            self._sim.world.chat_id_length = given.chat_id_length
        if given.token_lifetime is not None:
            self._sim.grants.lifetime = given.token_lifetime
        return answered({})

    async def jump(self, request: web.Request) -> web.Response:
        self._sim.clock.jump((await read(request, Jump)).seconds)
        return answered({"now": self._sim.clock.now()})

    async def rotate(self, request: web.Request) -> web.Response:
        return answered({"kid": self._sim.rotate_keys(keep_old=(await read(request, Rotation)).keep_old)})

    async def revoke(self, _request: web.Request) -> web.Response:
        """No access token given out so far is good any longer."""
        return answered({"revoked": self._sim.grants.revoke_all()})

    async def relocate(self, request: web.Request) -> web.Response:
        given = await read(request, Relocation)
        self._sim.move_service_url(given.old, given.new, given.state)
        return answered({})

    async def bots(self, _request: web.Request) -> web.Response:
        return answered({"bots": [_bot_view(bot) for bot in self._sim.world.bots.values()]})

    async def add_bot(self, request: web.Request) -> web.Response:
        given = (await read(request, NewBot)).model_dump(exclude_none=True)
        return answered(_bot_view(self._sim.add_bot(Bot(**given))), 201)

    async def change_bot(self, request: web.Request) -> web.Response:
        """The bot with this app id, or ``default``."""
        bot = self._bot(request.match_info["app_id"])
        for name, value in (await read(request, BotChange)).model_dump(exclude_unset=True).items():
            setattr(bot, name, value)
        return answered(_bot_view(bot))

    async def deliver(self, request: web.Request) -> web.Response:
        parcel = await read(request, Parcel)
        answer = await self._sim.courier.deliver(self._sim.bot, parcel.activity, parcel.flaw)
        return answered(answer_view(answer))

    async def authorization(self, request: web.Request) -> web.Response:
        """A header for the bot endpoint, as the Bot Connector would send it, or with a flaw."""
        query = request.query
        flaw = built(Flaw, query["flaw"]) if "flaw" in query else None
        service_url = query.get("service_url", f"{self._sim.url}/emea/{self._sim.bot.tenant_id}/")
        signer, now = self._sim.signer, self._sim.clock.now()
        return answered({"authorization": signer.authorization(self._sim.bot.app_id, service_url, now, flaw)})

    def _bot(self, app_id: str) -> Bot:
        bot = self._sim.bot if app_id == "default" else self._sim.world.bots.get(app_id.lower())
        if bot is None:
            raise Mistake(f"no such bot: {app_id}", 404)
        return bot


def _bot_view(bot: Bot) -> dict[str, Any]:
    shown: Sequence[str] = ("app_id", "tenant_id", "name", "endpoint", "registered", "app_version")
    return {name: getattr(bot, name) for name in shown}
