"""Control calls for what administrators decide, and for Microsoft Graph's own limits."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from aiohttp import web
from pydantic import Field

from bellwire.simulator.control.body import Body, Mistake, answered, read
from bellwire.simulator.graph.desk import GraphLimits
from bellwire.simulator.graph.entra import CatalogueApp, ClientSecret, Group
from bellwire.simulator.playground import Playground


class Consent(Body):
    """Exactly these application permissions from now on."""

    permissions: tuple[str, ...]
    tenant_id: str | None = None


class NewSecret(Body):
    """One that ends in so many days; its hint is that of the bot's own unless given."""

    days: float = Field(ge=-10_000, le=10_000)
    hint: str | None = None


class Secrets(Body):
    """Exactly these client secrets in the bot's app registration from now on."""

    secrets: tuple[NewSecret, ...]


class NewEntraGroup(Body):
    name: str
    members: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class NewApp(Body):
    external_id: str | None = None
    tenant_id: str = ""


class AppChange(Body):
    """What is left out stays as it is; ``app_id`` is the manifest's webApplicationInfo.id."""

    allowed: bool | None = None
    external_id: str | None = None
    app_id: str | None = None


class PolicyChange(Body):
    """What is left out stays as it is; ``people`` are assigned policies that allow the bot, or not."""

    tenant_id: str | None = None
    custom_apps: bool | None = None
    app_blocked: bool | None = None
    everybody: bool | None = None
    people: dict[str, bool] = Field(default_factory=dict)


class Administration:
    """The calls under /control/graph."""

    def __init__(self, sim: Playground) -> None:
        self._sim = sim

    async def graph(self, _request: web.Request) -> web.Response:
        """Limits, what was measured, the catalogue and the groups."""
        desk, entra = self._sim.graph, self._sim.entra
        return answered(
            {
                "limits": desk.limits,
                "arrivals": desk.gauge.arrivals,
                "exceeded": desk.gauge.exceeded,
                "catalogue": entra.catalogue,
                "groups": list(entra.groups.values()),
                "consented": sorted(entra.consented(self._sim.bot, self._sim.bot.tenant_id)),
            }
        )

    async def change_limits(self, request: web.Request) -> web.Response:
        """All limits anew; windows are ``[most, seconds]``, and what is left out is Graph's own."""
        self._sim.graph.change(await read(request, GraphLimits))
        return answered({"limits": self._sim.graph.limits})

    async def consent(self, request: web.Request) -> web.Response:
        given = await read(request, Consent)
        self._sim.entra.consent(*given.permissions, tenant_id=given.tenant_id)
        return answered({})

    async def change_secrets(self, request: web.Request) -> web.Response:
        given = await read(request, Secrets)
        now, own = self._sim.clock.now(), self._sim.bot.secret[:3]
        made = [
            ClientSecret(each.hint if "hint" in each.model_fields_set else own, now + timedelta(days=each.days))
            for each in given.secrets
        ]
        self._sim.entra.list_secrets(*made)
        return answered({})

    async def add_group(self, request: web.Request) -> web.Response:
        given = await read(request, NewEntraGroup)
        try:
            members = [self._sim.actor(person) for person in given.members]
            groups = [self._sim.entra.groups[group] for group in given.groups]
        except KeyError as missing:
            raise Mistake(f"no such person or group: {missing}", 404) from None
        return answered(_group_view(self._sim.entra_group(given.name, *members, groups=groups)), 201)

    async def publish(self, request: web.Request) -> web.Response:
        """The bot's app in the catalogue, of another tenant or under another manifest id."""
        given = await read(request, NewApp)
        return answered(self._sim.entra.publish(external_id=given.external_id, tenant_id=given.tenant_id), 201)

    async def change_app(self, request: web.Request) -> web.Response:
        app = self._app(request)
        for name, value in (await read(request, AppChange)).model_dump(exclude_none=True).items():
            setattr(app, name, value)
        return answered(app)

    async def change_policy(self, request: web.Request) -> web.Response:
        """What Teams administrators decide about the bot's app, tenant-wide and for some."""
        given = await read(request, PolicyChange)
        policy, app_id = self._sim.policy(given.tenant_id), self._sim.bot.app_id
        if given.custom_apps is not None:
            policy.custom_apps = given.custom_apps
        if given.everybody is not None:
            policy.everybody = given.everybody
        if given.app_blocked is not None:
            (policy.blocked.add if given.app_blocked else policy.blocked.discard)(app_id)
        policy.assigned.update({person.lower(): allowed for person, allowed in given.people.items()})
        return answered({**asdict(policy), "blocked": sorted(policy.blocked)})

    async def withdraw(self, request: web.Request) -> web.Response:
        """The app leaves the catalogue."""
        self._sim.entra.catalogue.remove(self._app(request))
        return answered({})

    def _app(self, request: web.Request) -> CatalogueApp:
        wanted = request.match_info["app"]
        catalogue = self._sim.entra.catalogue
        app = next((each for each in catalogue if wanted in (each.id, "default")), None)
        if app is None:
            raise Mistake(f"no such app: {wanted}", 404)
        return app


def _group_view(group: Group) -> dict[str, object]:
    return {"id": group.id, "name": group.name, "tenant_id": group.tenant_id}
