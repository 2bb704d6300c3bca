"""The app is installed through Graph; whatever it answers is an outcome with a reason."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from bellwire.model.outcome import Installed, Retry, Scope, Undeliverable
from bellwire.model.reason import Reason
from bellwire.simulator import Bot, Simulator, faults
from bellwire.simulator.graph.desk import GraphLimits
from bellwire.simulator.graph.entra import READ_CATALOGUE, READ_PEOPLE
from bellwire.simulator.limits import Window

from .graph import Graph, asking

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    async with Simulator() as sim, asking(sim) as graph:
        yield graph


async def test_an_install_is_made_and_one_that_is_there_is_success(graph: Graph) -> None:
    adele = graph.sim.person("Adele Vance")
    assert await graph.apps.install(graph.tenant, adele.aad_object_id) == Installed(already=False)
    assert adele.presence.installed
    assert await graph.apps.install(graph.tenant, adele.aad_object_id) == Installed(already=True)
    assert graph.sim.graph.gauge.arrivals["catalogue"] == 1


async def test_the_chat_of_an_install_can_be_asked_for(graph: Graph) -> None:
    adele = graph.sim.person("Adele Vance")
    assert await graph.apps.chat(graph.tenant, adele.aad_object_id) is None
    await graph.apps.install(graph.tenant, adele.aad_object_id)
    chat = await graph.apps.chat(graph.tenant, adele.aad_object_id)
    assert chat == f"19:{graph.sim.bot.app_id}_{adele.aad_object_id}@unq.gbl.spaces"


def _other_manifest(sim: Simulator) -> None:
    sim.entra.catalogue[0].app_id = sim.add_bot(Bot(app_id="other", tenant_id=sim.bot.tenant_id)).app_id


def _blocked(sim: Simulator) -> None:
    sim.entra.catalogue[0].allowed = False


@pytest.mark.parametrize(
    ("scene", "reason"),
    [
        (_blocked, Reason.POLICY_FORBIDS),
        (lambda sim: sim.actor(ADELE).disable(), Reason.POLICY_FORBIDS),
        (_other_manifest, Reason.NOT_OWN_APP),
        (lambda sim: sim.entra.catalogue.clear(), Reason.NOT_IN_CATALOGUE),
        (lambda sim: sim.entra.consent(READ_PEOPLE, READ_CATALOGUE), Reason.CONSENT_MISSING),
        (lambda sim: sim.entra.consent(READ_PEOPLE), Reason.CONSENT_MISSING),
        (lambda sim: sim.world.people.clear(), Reason.NO_SUCH_PERSON),
    ],
)
async def test_each_refusal_has_its_own_reason(
    graph: Graph, scene: Callable[[Simulator], object], reason: Reason
) -> None:
    graph.sim.person("Adele Vance", aad_object_id=ADELE)
    scene(graph.sim)
    outcome = await graph.apps.install(graph.tenant, ADELE)
    assert isinstance(outcome, Undeliverable)
    assert outcome.reason is reason


ADELE = "aaaaaaaa-0000-4000-8000-000000000001"


async def test_an_app_that_left_the_catalogue_is_missed(graph: Graph) -> None:
    first, second = graph.sim.crowd(2, installed=False)
    await graph.apps.install(graph.tenant, first.aad_object_id)
    graph.sim.entra.catalogue.clear()
    outcome = await graph.apps.install(graph.tenant, second.aad_object_id)
    assert isinstance(outcome, Undeliverable)
    assert outcome.reason is Reason.NOT_IN_CATALOGUE
    graph.sim.entra.publish()
    assert await graph.apps.install(graph.tenant, second.aad_object_id) == Installed(already=False)


async def test_a_throttle_stops_installs_for_as_long_as_graph_says(graph: Graph) -> None:
    graph.sim.graph.change(GraphLimits(install=(Window(1, 60),)))
    first, second = graph.sim.crowd(2, installed=False)
    await graph.apps.install(graph.tenant, first.aad_object_id)
    outcome = await graph.apps.install(graph.tenant, second.aad_object_id)
    assert isinstance(outcome, Retry)
    assert (outcome.status, outcome.scope) == (429, Scope.INSTALLS)
    assert outcome.after is not None
    assert outcome.after >= 59


@pytest.mark.parametrize("fault", [faults.answer(503, operation="install"), faults.reset(operation="install")])
async def test_an_install_that_got_lost_may_be_tried_again(graph: Graph, fault: faults.Fault) -> None:
    adele = graph.sim.person("Adele Vance")
    graph.sim.faults.add(fault)
    outcome = await graph.apps.install(graph.tenant, adele.aad_object_id)
    assert isinstance(outcome, Retry)
    assert outcome.scope is None
