"""The simulated Microsoft Graph looks people up, installs and refuses as the real one does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from bellwire.simulator import Bot, Simulator, faults
from bellwire.simulator.graph.desk import GraphLimits
from bellwire.simulator.graph.entra import INSTALL_OWN, READ_APPLICATIONS, READ_PEOPLE, ClientSecret
from bellwire.simulator.limits import Window

from .bot import BotEndpoint, Reply

TENANT = "99999999-9999-4999-8999-999999999999"


class GraphClient:
    """Asks by plain REST."""

    def __init__(self, sim: Simulator, session: aiohttp.ClientSession) -> None:
        self.sim, self.session, self.token = sim, session, ""

    async def sign_in(self, tenant: str = "") -> int:
        """A token for Graph; the status of the login's answer."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.sim.bot.app_id,
            "client_secret": self.sim.bot.secret,
            "scope": f"{self.sim.url}/graph/.default",
        }
        url = f"{self.sim.url}/login/{tenant or self.sim.bot.tenant_id}/oauth2/v2.0/token"
        async with self.session.post(url, data=form) as answer:
            self.token = (await answer.json()).get("access_token", "")
            return answer.status

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        headers["Authorization"] = f"Bearer {self.token}"
        url = f"{self.sim.url}/graph/v1.0{path}"
        async with self.session.request(method, url, json=body, headers=headers) as answer:
            document = await answer.json() if await answer.read() else None
            return Reply(answer.status, dict(answer.headers), document)

    async def install(self, person: str) -> Reply:
        (app,) = self.sim.entra.catalogue
        bind = f"https://graph.microsoft.com/v1.0/appCatalogs/teamsApps/{app.id}"
        return await self.ask("POST", f"/users/{person}/teamwork/installedApps", {"teamsApp@odata.bind": bind})


@pytest.fixture
async def graph(sim: Simulator) -> AsyncIterator[GraphClient]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        client = GraphClient(sim, session)
        await client.sign_in()
        yield client


async def test_a_person_is_found_by_id_upn_mail_and_alias(sim: Simulator, graph: GraphClient) -> None:
    adele = sim.person("Adele Vance", aliases=("a.vance@contoso.example",)).aad_object_id
    named = [await graph.ask("GET", f"/users/{name}") for name in (adele, "adele.vance@contoso.example")]
    filters = (
        "mail eq 'ADELE.VANCE@contoso.example'",
        "mail eq 'x' or proxyAddresses/any(p:p eq 'smtp:a.vance@contoso.example')",
    )
    found = [await graph.ask("GET", f"/users?$filter={each}") for each in filters]
    assert [reply.body["id"] for reply in named] == [adele, adele]
    assert [[each["id"] for each in reply.body["value"]] for reply in found] == [[adele], [adele]]
    assert (await graph.ask("GET", "/users/nobody@contoso.example")).status == 404


async def test_an_install_is_reported_to_the_bot_like_one_by_hand(
    sim: Simulator, graph: GraphClient, endpoint: BotEndpoint
) -> None:
    adele = sim.person("Adele Vance")
    assert (await graph.install(adele.aad_object_id)).status == 201
    await sim.events.until(lambda: len(sim.courier.answers) == 2)
    assert [answer.activity["type"] for answer in sim.courier.answers] == ["installationUpdate", "conversationUpdate"]
    assert (await graph.install(adele.aad_object_id)).status == 409


async def test_the_chat_of_an_install_has_the_name_that_graph_gives_it(sim: Simulator, graph: GraphClient) -> None:
    adele = sim.person("Adele Vance").aad_object_id
    await graph.install(adele)
    apps = await graph.ask(
        "GET", f"/users/{adele}/teamwork/installedApps?$filter=teamsApp/externalId eq '{sim.bot.app_id}'"
    )
    (installed,) = apps.body["value"]
    chat = await graph.ask("GET", f"/users/{adele}/teamwork/installedApps/{installed['id']}/chat")
    assert chat.body["id"] == f"19:{sim.bot.app_id}_{adele}@unq.gbl.spaces"


async def test_every_refusal_has_its_own_form(sim: Simulator, graph: GraphClient) -> None:
    adele, alex = sim.person("Adele Vance"), sim.person("Alex Wilber")
    adele.disable()
    policy = await graph.install(adele.aad_object_id)
    assert (policy.status, policy.body["error"]["innerError"]["code"]) == (403, "AccessDenied")
    sim.entra.catalogue[0].app_id = sim.add_bot(Bot(app_id="b", tenant_id=sim.bot.tenant_id)).app_id
    foreign = await graph.install(alex.aad_object_id)
    assert (foreign.status, "not allowed to manage" in foreign.body["error"]["message"]) == (403, True)
    sim.entra.consent(INSTALL_OWN)
    assert (await graph.ask("GET", f"/users/{alex.aad_object_id}")).code == "Authorization_RequestDenied"
    sim.entra.consent(READ_PEOPLE)
    assert (await graph.install(alex.aad_object_id)).code == "Forbidden"


async def test_a_group_gives_everybody_in_it_by_page_however_deep(sim: Simulator, graph: GraphClient) -> None:
    people = [sim.person(f"Person {number}") for number in range(5)]
    inner = sim.entra_group("inner", *people[2:])
    outer = sim.entra_group("outer", *people[:3], groups=[inner])
    inner.groups.append(outer.id)
    path = f"/groups/{outer.id}/transitiveMembers/microsoft.graph.user?$count=true&$select=id&$top=2"
    assert (await graph.ask("GET", path)).status == 400
    page = await graph.ask("GET", path, ConsistencyLevel="eventual")
    found = [each["id"] for each in page.body["value"]]
    while following := page.body.get("@odata.nextLink"):
        page = await graph.ask("GET", following.partition("/v1.0")[2], ConsistencyLevel="eventual")
        found += [each["id"] for each in page.body["value"]]
    assert sorted(found) == sorted(person.aad_object_id for person in people)


async def test_each_item_of_a_batch_is_throttled_alone(sim: Simulator, graph: GraphClient) -> None:
    sim.graph.change(GraphLimits(read=(Window(1, 60),)))
    path = f"/appCatalogs/teamsApps?$filter=externalId eq '{sim.bot.app_id}'"
    items = [{"id": str(number), "method": "GET", "url": path} for number in range(2)]
    answer = await graph.ask("POST", "/$batch", {"requests": items})
    first, second = answer.body["responses"]
    assert (first["status"], second["status"]) == (200, 429)
    assert int(second["headers"]["Retry-After"]) >= 59
    assert sim.graph.gauge.exceeded == 1


async def test_a_fault_hits_graph_only_by_name(sim: Simulator, graph: GraphClient) -> None:
    adele = sim.person("Adele Vance").aad_object_id
    sim.faults.add(faults.answer(503), faults.answer(503, operation="look_up"))
    assert [(await graph.ask("GET", f"/users/{adele}")).status for _ in range(2)] == [503, 200]


async def test_another_tenant_gives_tokens_only_after_consent(sim: Simulator, graph: GraphClient) -> None:
    assert await graph.sign_in(TENANT) == 400
    sim.entra.consent(READ_PEOPLE, tenant_id=TENANT)
    megan = sim.person("Megan Bowen", tenant_id=TENANT).aad_object_id
    assert await graph.sign_in(TENANT) == 200
    assert (await graph.ask("GET", f"/users/{megan}")).status == 200


async def test_an_app_registration_shows_its_secrets_to_whoever_may_read_it(sim: Simulator, graph: GraphClient) -> None:
    path = f"/applications(appId='{sim.bot.app_id}')?$select=appId,passwordCredentials"
    (own,) = (await graph.ask("GET", path)).body["passwordCredentials"]
    assert (own["hint"], own["secretText"]) == (sim.bot.secret[:3], None)
    end = datetime(2099, 5, 1, tzinfo=UTC)
    sim.entra.list_secrets(ClientSecret("abc", end), ClientSecret(None, end))
    listed = (await graph.ask("GET", path)).body
    assert sorted(listed) == ["appId", "passwordCredentials"]
    assert [each["hint"] for each in listed["passwordCredentials"]] == ["abc", None]
    assert listed["passwordCredentials"][0]["endDateTime"] == "2099-05-01T00:00:00Z"
    assert (await graph.ask("GET", f"/applications(appId='{TENANT}')")).status == 404
    sim.entra.consent(READ_APPLICATIONS, tenant_id=TENANT)
    await graph.sign_in(TENANT)
    assert (await graph.ask("GET", path)).status == 404
    sim.entra.consent(READ_PEOPLE, tenant_id=TENANT)
    assert (await graph.ask("GET", path)).code == "Authorization_RequestDenied"
