"""Control calls about people, groups and teams."""

from __future__ import annotations

from aiohttp import web

from bellwire.simulator.actor import Actor
from bellwire.simulator.chat import Json
from bellwire.simulator.control.body import Body, Mistake, answered, number, read
from bellwire.simulator.control.deeds import DEEDS
from bellwire.simulator.control.view import LINES, answer_view, chat_view, person_view, surfaces_view
from bellwire.simulator.gathering import Gathering
from bellwire.simulator.playground import Playground


class NewPerson(Body):
    name: str
    upn: str | None = None
    email: str | None = None
    aad_object_id: str | None = None
    tenant_id: str | None = None
    locale: str | None = None
    country: str | None = None
    timezone: str | None = None
    region: str | None = None
    guest: bool | None = None
    enabled: bool | None = None
    aliases: tuple[str, ...] | None = None


class Crowd(Body):
    count: int
    installed: bool = True
    tenant_id: str | None = None


class NewGroup(Body):
    name: str
    members: list[str]


class NewTeam(NewGroup):
    channels: tuple[str, ...] = ()


class Gathered(Body):
    """Who does it, and (for add and remove) to whom."""

    by: str
    person: str | None = None


class Society:
    """The calls under /control/people, /control/groups and /control/teams."""

    def __init__(self, sim: Playground) -> None:
        self._sim = sim

    async def add_person(self, request: web.Request) -> web.Response:
        given = (await read(request, NewPerson)).model_dump(exclude_none=True)
        return answered(self._whole(self._sim.person(given.pop("name"), **given)), 201)

    async def add_crowd(self, request: web.Request) -> web.Response:
        given = await read(request, Crowd)
        actors = self._sim.crowd(given.count, installed=given.installed, tenant_id=given.tenant_id)
        return answered({"aad_object_ids": [actor.aad_object_id for actor in actors]}, 201)

    async def people(self, request: web.Request) -> web.Response:
        """A list without the conversations; ``surfaces=5`` brings the last 5 lines of each."""
        people = list(self._sim.world.people)
        start, limit = int(number(request, "after", 0)), int(number(request, "limit", 200))
        lines = int(number(request, "surfaces", 0))
        actors = [self._sim.actor(person) for person in people[start : start + limit]]
        page = [self._whole(actor, lines) if lines else person_view(self._sim, actor) for actor in actors]
        return answered({"total": len(people), "bot": self._sim.bot.name, "people": page})

    async def person(self, request: web.Request) -> web.Response:
        return answered(self._whole(self._actor(request.match_info["person"])))

    async def act(self, request: web.Request) -> web.Response:
        """One deed of one person; answers with what the bot answered."""
        deed = DEEDS.get(request.match_info["deed"])
        if deed is None:
            raise Mistake(f"no such deed; there are {', '.join(DEEDS)}", 404)
        actor, body = self._actor(request.match_info["person"]), await read(request, deed.body)
        try:
            answers = await deed.do(actor, body)
        except (KeyError, ValueError) as error:
            raise Mistake(f"no such message, surface or reaction: {error}", 404) from None
        return answered({"answers": [answer_view(answer) for answer in answers]})

    async def add_group(self, request: web.Request) -> web.Response:
        given = await read(request, NewGroup)
        group = self._sim.group(given.name, *map(self._actor, given.members))
        return answered(chat_view(self._sim, group.chat), 201)

    async def add_team(self, request: web.Request) -> web.Response:
        given = await read(request, NewTeam)
        team = self._sim.team(given.name, *map(self._actor, given.members), channels=given.channels)
        channels = team.team.channels if team.team is not None else {}
        return answered(chat_view(self._sim, team.chat) | {"channels": channels}, 201)

    async def gather(self, request: web.Request) -> web.Response:
        """install, uninstall, add or remove in a group chat or team."""
        chat = self._sim.world.chats.get(request.match_info["chat"])
        if chat is None or not chat.kind.is_shared:
            raise Mistake("no such group chat or team", 404)
        given, gathering = await read(request, Gathered), Gathering(self._sim, chat)
        by, other = self._actor(given.by), self._actor(given.person) if given.person else None
        deed = request.match_info["deed"]
        if deed in ("install", "uninstall"):
            answers = await (gathering.install(by) if deed == "install" else gathering.uninstall(by))
        elif deed in ("add", "remove") and other is not None:
            answers = [await (gathering.add(other, by) if deed == "add" else gathering.remove(other, by))]
        else:
            raise Mistake("the deed is install or uninstall, or (with person) add or remove", 404)
        return answered({"answers": [answer_view(answer) for answer in answers]})

    def _whole(self, actor: Actor, lines: int = LINES) -> Json:
        return person_view(self._sim, actor) | {"surfaces": surfaces_view(self._sim, actor, lines)}

    def _actor(self, aad_object_id: str) -> Actor:
        try:
            return self._sim.actor(aad_object_id)
        except KeyError:
            raise Mistake(f"no such person: {aad_object_id}", 404) from None
