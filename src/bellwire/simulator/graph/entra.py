"""What a tenant's administrators decide, and what they keep: consents, groups, the app catalogue, policies."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bellwire.simulator import naming
from bellwire.simulator.bot import Bot
from bellwire.simulator.person import Person
from bellwire.simulator.world import World

READ_PEOPLE = "User.Read.All"
READ_GROUPS = "GroupMember.Read.All"
READ_CATALOGUE = "AppCatalog.Read.All"
READ_INSTALLS = "TeamsAppInstallation.ReadForUser.All"
INSTALL_OWN = "TeamsAppInstallation.ReadWriteSelfForUser.All"
READ_APPLICATIONS = "Application.Read.All"
INSTALL_ANY = "TeamsAppInstallation.ReadWriteForUser.All"
EVERYTHING = frozenset({READ_PEOPLE, READ_GROUPS, READ_CATALOGUE, READ_INSTALLS, READ_APPLICATIONS, INSTALL_OWN})

YEAR = timedelta(days=365)


@dataclass(slots=True, eq=False)
class CatalogueApp:
    """An app of a tenant's catalogue. ``external_id`` is the manifest's id, ``app_id`` its webApplicationInfo.id.

    ``allowed`` is false where the administrators block it for everybody.
    """

    id: str
    external_id: str
    tenant_id: str
    app_id: str
    name: str
    allowed: bool = True


@dataclass(slots=True, eq=False)
class Group:
    """An Entra group: its people, and the groups inside it."""

    id: str
    tenant_id: str
    name: str
    people: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class ClientSecret:
    """A secret of an app registration. Entra tells its first three characters as ``hint``; none for an old one."""

    hint: str | None = field(repr=False)
    ends_at: datetime
    name: str = "secret"
    id: str = field(default_factory=naming.guid)


class Entra:
    """Everything is granted and allowed in the bot's own tenant until a scene says otherwise."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._consents: dict[tuple[str, str], frozenset[str]] = {}
        self.catalogue: list[CatalogueApp] = []
        self.groups: dict[str, Group] = {}
        self._secrets: dict[str, list[ClientSecret]] = {}
        self.clear()

    def clear(self) -> None:
        """Back to what is there from the start."""
        self._consents.clear()
        self.groups.clear()
        self._secrets.clear()
        bot = self._world.bot
        self.catalogue = [CatalogueApp(naming.guid(), bot.app_id, bot.tenant_id, bot.app_id, bot.name)]

    def consent(self, *permissions: str, bot: Bot | None = None, tenant_id: str | None = None) -> None:
        """An administrator of the tenant (the bot's own) consents to exactly these application permissions."""
        bot = bot or self._world.bot
        self._consents[bot.app_id, tenant_id or bot.tenant_id] = frozenset(permissions)

    def consented(self, bot: Bot, tenant_id: str) -> frozenset[str]:
        """The application permissions that the bot has there."""
        return self._consents.get((bot.app_id, tenant_id), EVERYTHING if tenant_id == bot.tenant_id else frozenset())

    def knows(self, bot: Bot, tenant_id: str) -> bool:
        """Whether the application exists in the tenant: at home, and wherever somebody consented to anything."""
        return tenant_id == bot.tenant_id or bool(self._consents.get((bot.app_id, tenant_id)))

    def list_secrets(self, *secrets: ClientSecret, bot: Bot | None = None) -> None:
        """The bot's app registration has exactly these; the login service refuses the bot's once it is over."""
        self._secrets[(bot or self._world.bot).app_id] = list(secrets)

    def secrets(self, bot: Bot, now: datetime) -> Sequence[ClientSecret]:
        """Those of its app registration: the bot's own for another year, until a scene says otherwise."""
        return self._secrets.get(bot.app_id, [ClientSecret(bot.secret[:3], now + YEAR)])

    def secret_is_over(self, bot: Bot, now: datetime) -> bool:
        """Whether every secret listed that the bot's own may be has ended."""
        ends = [each.ends_at for each in self.secrets(bot, now) if each.hint in (None, bot.secret[:3])]
        return bool(ends) and max(ends) <= now

    def publish(self, bot: Bot | None = None, *, external_id: str | None = None, tenant_id: str = "") -> CatalogueApp:
        """The bot's app goes into a tenant's catalogue."""
        bot = bot or self._world.bot
        app = CatalogueApp(naming.guid(), external_id or bot.app_id, tenant_id or bot.tenant_id, bot.app_id, bot.name)
        self.catalogue.append(app)
        return app

    def add_group(self, name: str, people: list[Person], groups: list[Group], tenant_id: str) -> Group:
        """A group of these people, and of everybody in these groups."""
        ids = [person.aad_object_id for person in people]
        group = Group(naming.guid(), tenant_id, name, ids, [inner.id for inner in groups])
        self.groups[group.id] = group
        return group

    def members(self, group: Group) -> list[Person]:
        """Everybody in the group, however deep; nobody twice, be it that groups contain each other."""
        seen, found, open_groups = {group.id}, dict[str, Person](), [group]
        while open_groups:
            inner = open_groups.pop()
            found.update((each, self._world.people[each]) for each in inner.people)
            deeper = [each for each in inner.groups if each not in seen]
            seen.update(deeper)
            open_groups += [self.groups[each] for each in deeper]
        return [person for person in found.values() if not person.deleted]


def installation_id(person: Person, app: CatalogueApp) -> str:
    """As Teams makes it: base64 of the person and the app."""
    return base64.b64encode(f"{person.aad_object_id}##{app.id}".encode()).decode()
