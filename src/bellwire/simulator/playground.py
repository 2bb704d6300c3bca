"""Everything that can be done to a simulated Teams: people, groups, keys, addresses, limits."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Sequence
from typing import Any
from urllib.parse import urlsplit

from bellwire.simulator import naming
from bellwire.simulator.actor import Actor
from bellwire.simulator.bot import Bot
from bellwire.simulator.courier import Answer
from bellwire.simulator.faults import Deed
from bellwire.simulator.gathering import Gathering
from bellwire.simulator.grants import DEFAULT_LIFETIME
from bellwire.simulator.graph.desk import GraphLimits
from bellwire.simulator.graph.entra import Group
from bellwire.simulator.limits import Limits
from bellwire.simulator.person import Person
from bellwire.simulator.policies import TenantPolicy
from bellwire.simulator.regions import Region
from bellwire.simulator.rules import Manners
from bellwire.simulator.size import LIMIT
from bellwire.simulator.teams import REGIONS, Teams


class Playground(Teams):
    """A simulated Teams to set scenes in. Who serves it over HTTP says at which address, by ``be_at``."""

    def __init__(self, bot: Bot, limits: Limits) -> None:
        super().__init__(bot, limits)
        self.url = ""
        self._deeds: set[asyncio.Task[Answer | list[Answer]]] = set()
        self.player.deeds = {
            Deed.UNINSTALL: self._uninstall_meanwhile,
            Deed.DELETE_CHAT: lambda bot, person: Actor(self, person, bot).delete_chat(),
            Deed.BLOCK: lambda bot, person: Actor(self, person, bot).block(),
            Deed.DISABLE: lambda bot, person: Actor(self, person, bot).disable(),
        }

    def be_at(self, url: str) -> None:
        """The base of all addresses, without a slash at the end."""
        self.url = self.login.base_url = self.regions.base_url = url
        self.login.graph_url = self.graph_door.base_url = f"{url}/graph"

    @property
    def bot(self) -> Bot:
        """The bot that is registered from the start."""
        return self.world.bot

    @property
    def bot_endpoint(self) -> str | None:
        return self.bot.endpoint

    @bot_endpoint.setter
    def bot_endpoint(self, url: str | None) -> None:
        self.bot.endpoint = url

    def settings(self, sender: str = "alerts", bot: Bot | None = None) -> dict[str, str]:
        """The environment variables that make a Bellwire use this simulator as its Teams."""
        bot = bot or self.bot
        own = f"BELLWIRE_SENDERS__{sender.upper()}__"
        cloud = "BELLWIRE_CLOUD__"
        return {
            f"{cloud}NAME": "custom",
            f"{cloud}LOGIN_URL": f"{self.url}/login",
            f"{cloud}OPENID_METADATA_URL": f"{self.url}/v1/.well-known/openidconfiguration",
            f"{cloud}TOKEN_ISSUER": self.signer.issuer,
            f"{cloud}BOT_SCOPE": f"{self.admission.audience}/.default",
            f"{cloud}GRAPH_URL": f"{self.url}/graph",
            f"{cloud}SERVICE_HOSTS": urlsplit(self.url).netloc,
            f"{own}KIND": "bot",
            f"{own}APP_ID": bot.app_id,
            f"{own}TENANT_ID": bot.tenant_id,
            f"{own}CLIENT_SECRET": bot.secret,
        }

    def person(self, name: str, *, bot: Bot | None = None, **details: Any) -> Actor:
        """A new person, of the bot's tenant unless ``tenant_id`` says otherwise, who does not have the bot yet.

        ``details`` are fields of ``Person``: upn, email, aad_object_id, tenant_id, locale, country, timezone, region,
        guest, enabled, aliases.
        """
        address: str = details.get("upn", f"{name.lower().replace(' ', '.')}@contoso.example")
        known: dict[str, Any] = {
            "aad_object_id": naming.guid(),
            "tenant_id": self.bot.tenant_id,
            "upn": address,
            "email": address,
        }
        person = Person(name=name, **{**known, **details})
        person.aad_object_id, person.tenant_id = person.aad_object_id.lower(), person.tenant_id.lower()
        self.world.add_person(person)
        self.events.happened("person", lambda: {"person": person.aad_object_id})
        return self.actor(person.aad_object_id, bot)

    def actor(self, aad_object_id: str, bot: Bot | None = None) -> Actor:
        """Someone who exists already. Raises KeyError."""
        return Actor(self, self.world.people[aad_object_id.lower()], bot or self.bot)

    def policy(self, tenant_id: str | None = None) -> TenantPolicy:
        """What the administrators of a tenant (the bot's own) decide about apps; change it to set the scene."""
        return self.world.policy(tenant_id or self.bot.tenant_id)

    def group(self, name: str, *members: Actor) -> Gathering:
        """A group chat, without the bot as yet."""
        chat = self.world.add_group([member.person for member in members], name)
        return Gathering(self, chat)

    def team(self, name: str, *members: Actor, channels: Sequence[str] = ()) -> Gathering:
        """A team with a General channel and these, without the bot as yet."""
        team = self.world.add_team([member.person for member in members], name, list(channels))
        return Gathering(self, self.world.chats[team.id])

    def entra_group(self, name: str, *members: Actor, groups: Sequence[Group] = ()) -> Group:
        """An Entra group of these people, and of everybody in these groups."""
        return self.entra.add_group(name, [member.person for member in members], list(groups), self.bot.tenant_id)

    def add_bot(self, bot: Bot) -> Bot:
        """Another registration in the same Teams."""
        self.world.bots[bot.app_id] = bot
        self.gate.several_bots = len(self.world.bots) > 1
        return bot

    def rotate_keys(self, *, keep_old: bool = False) -> str:
        """A new key signs what goes to bots from now on. Returns its id."""
        return self.signer.rotate(keep_old=keep_old)

    def move_service_url(self, old: str, new: str, state: Region = Region.OPEN) -> None:
        """Everyone of one region moves to another; ``state`` is how the old one answers from now on."""
        self.regions.states[old] = state
        self.regions.states[new] = Region.OPEN
        for person in self.world.people.values():
            if person.region == old:
                person.region = new

    @property
    def exceeded(self) -> Counter[str]:
        """How many requests came although a window was full, by window. Counted even where limits are not enforced."""
        return self.gate.exceeded

    def crowd(self, count: int, *, installed: bool = True, tenant_id: str | None = None) -> list[Actor]:
        """Many people at once, with the app or without, of whom the bot is told nothing."""
        home = tenant_id or self.bot.tenant_id
        actors = [self.person(f"Person {number:06}", tenant_id=home) for number in range(count)]
        for actor in actors:
            actor.presence.installed = installed
        return actors

    def reset(self) -> None:
        """Nobody there, empty books, no faults, Teams' own manners; the bots, keys and tokens stay."""
        self.player.release()
        self.faults.clear()
        self.ledger.clear()
        self.courier.answers.clear()
        self.clock.reset()
        self.gate.clear()
        self.world.clear()
        self.entra.clear()
        self.graph.clear()
        self.flows.clear()
        self.graph.change(GraphLimits())
        self.world.chat_id_length = naming.PERSONAL_CHAT_LENGTH
        self.post.size_limit = LIMIT
        self.rules.manners = Manners()
        self.grants.lifetime = DEFAULT_LIFETIME
        self.regions.states = dict.fromkeys(REGIONS, Region.OPEN)
        self.events.happened("reset", dict)

    def let_go(self) -> None:
        """Releases what stalls, and forgets what people are about to do."""
        self.events.happened("closing", dict)
        self.player.release()
        for deed in self._deeds:
            deed.cancel()

    def _uninstall_meanwhile(self, bot: Bot, person: Person) -> None:
        """The app is gone at once; the bot hears of it while its own request is being answered."""
        actor = Actor(self, person, bot)
        actor.drop_app()
        self._meanwhile(actor.uninstall())

    def _installed_by_graph(self, bot: Bot, person: Person) -> None:
        """Teams reports it to the bot, as any install, while Graph's answer is on its way (platform reference §7)."""
        self._meanwhile(Actor(self, person, bot).install())

    def _meanwhile(self, deed: Coroutine[Any, Any, Answer | list[Answer]]) -> None:
        """Starts what a person does while a request of the bot is being answered."""
        started = asyncio.get_running_loop().create_task(deed)
        self._deeds.add(started)
        started.add_done_callback(self._deeds.discard)
