"""With if_unreachable=install whoever lacks the app gets it, and the message follows; or there is a reason."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from bellwire.client import Delivery
from bellwire.errors import Unreachable
from bellwire.simulator import Bot, Simulator, faults
from bellwire.simulator.actor import Actor
from bellwire.simulator.graph.desk import GraphLimits
from bellwire.simulator.graph.entra import READ_CATALOGUE, READ_PEOPLE
from bellwire.simulator.limits import Window
from tests.support.service import Running, running

ADELE = "aaaaaaaa-0000-4000-8000-000000000001"
OTHER = Bot(app_id="other", tenant_id="11111111-1111-4111-8111-111111111111")


@pytest.fixture
async def service(database_url: str) -> AsyncIterator[Running]:
    async with running(database_url) as service:
        yield service


async def told(service: Running, person: Actor, text: str = "hi") -> Delivery:
    """What became of a message to this person."""
    sent = await service.client.send(to=person.aad_object_id, text=text, if_unreachable="install")
    return await service.client.wait(sent.id, timeout=20)


def steps(delivery: Delivery) -> list[tuple[str, str | None]]:
    """Every attempt and its outcome."""
    return [(attempt.step, attempt.outcome) for attempt in delivery.attempts]


async def test_someone_never_seen_gets_the_app_and_then_the_message(service: Running) -> None:
    adele = service.teams.person("Adele Vance")
    delivery = await told(service, adele)
    assert steps(delivery) == [("install", "installed"), ("open_chat", "opened"), ("post", "sent")]
    assert [line.activity["text"] for line in adele.received("teams")] == ["hi"]


async def test_someone_who_removed_the_app_gets_it_again(service: Running) -> None:
    adele = service.teams.person("Adele Vance")
    await adele.install()
    await adele.uninstall()
    assert (await told(service, adele)).state == "sent"
    person = await service.client.person(adele.aad_object_id, tenant_id=adele.tenant_id)
    assert person.senders[0].reachable


async def test_an_install_that_is_there_already_is_success(service: Running) -> None:
    (adele,) = service.teams.crowd(1)
    delivery = await told(service, adele)
    assert steps(delivery) == [("install", "installed"), ("open_chat", "opened"), ("post", "sent")]


async def test_an_app_that_went_unnoticed_is_installed_when_teams_says_so(service: Running) -> None:
    adele = service.teams.person("Adele Vance")
    await adele.install()
    adele.drop_app()
    delivery = await told(service, adele)
    assert [step for step, _ in steps(delivery)] == ["post", "install", "open_chat", "post"]
    assert delivery.state == "sent"


@pytest.mark.parametrize(
    ("scene", "reason"),
    [
        (lambda sim: sim.actor(ADELE).disable(), "policy_forbids"),
        (lambda sim: sim.entra.catalogue.clear(), "not_in_catalogue"),
        (lambda sim: sim.entra.consent(READ_PEOPLE, READ_CATALOGUE), "consent_missing"),
        (lambda sim: setattr(sim.entra.catalogue[0], "app_id", sim.add_bot(OTHER).app_id), "not_own_app"),
        (lambda sim: sim.world.people.clear(), "no_such_person"),
    ],
)
async def test_what_stands_in_the_way_of_an_install_ends_the_delivery_with_its_reason(
    service: Running, scene: Callable[[Simulator], object], reason: str
) -> None:
    adele = service.teams.person("Adele Vance", aad_object_id=ADELE)
    scene(service.teams)
    delivery = await told(service, adele)
    assert (delivery.state, delivery.reason) == ("undeliverable", reason)
    assert delivery.remedy
    assert service.teams.ledger.entries == []


async def test_a_block_is_not_undone(service: Running) -> None:
    adele = service.teams.person("Adele Vance")
    await adele.install()
    adele.block()
    assert (await told(service, adele)).reason == "blocked"
    with pytest.raises(Unreachable):
        await told(service, adele)
    assert service.teams.graph.gauge.arrivals == {}


async def test_a_passing_refusal_is_tried_again(service: Running) -> None:
    adele = service.teams.person("Adele Vance")
    service.teams.faults.add(faults.answer(503, operation="install"), faults.reset(operation="install"))
    delivery = await told(service, adele)
    assert [outcome for _, outcome in steps(delivery)] == ["retry", "retry", "installed", "opened", "sent"]


async def test_teams_may_need_a_while_after_an_install(service: Running) -> None:
    adele = service.teams.person("Adele Vance")
    service.teams.faults.add(faults.forbidden("ForbiddenOperationException", operation="create", times=2))
    delivery = await told(service, adele)
    assert delivery.state == "sent"
    assert [step for step, _ in steps(delivery)].count("install") == 1


async def test_a_throttle_holds_up_installs_and_no_messages(service: Running) -> None:
    adele, alex = service.teams.person("Adele Vance"), service.teams.person("Alex Wilber")
    await alex.install()
    service.teams.faults.add(faults.throttled(2, operation="install"))
    held = await service.client.send(to=adele.aad_object_id, text="one", if_unreachable="install")
    free = await service.client.send(to=alex.aad_object_id, text="two")
    await service.client.wait(free.id)
    await service.client.wait(held.id)
    assert [entry.text for entry in service.teams.ledger.entries] == ["two", "one"]


async def test_installs_keep_to_graphs_limit_and_nobody_is_forgotten(service: Running) -> None:
    people = service.teams.crowd(75, installed=False)
    service.teams.graph.change(GraphLimits(install=(Window(30, 1),)))
    await service.client.send_to_many(
        to=[actor.aad_object_id for actor in people], text="all", if_unreachable="install"
    )
    await service.teams.ledger.wait_for(75, timeout=30)
    assert (service.teams.graph.gauge.exceeded, service.teams.graph.gauge.arrivals["install"]) == (0, 75)
    assert {entry.person for entry in service.teams.ledger.entries} == {actor.aad_object_id for actor in people}
