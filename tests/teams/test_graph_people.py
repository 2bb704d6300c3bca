"""People and groups are found through Graph, by every name that they have; what stands in the way has a reason."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bellwire.model.directory import DirectoryUser, MembersPage, Refused
from bellwire.model.reason import Reason
from bellwire.model.recipient import Recipient, RecipientKind
from bellwire.simulator import Simulator, faults
from bellwire.simulator.graph.entra import READ_GROUPS, READ_PEOPLE
from bellwire.teams.graph.failures import GraphUnavailable

from .graph import Graph, asking

UPN, EMAIL, ID = RecipientKind.UPN, RecipientKind.EMAIL, RecipientKind.AAD_OBJECT_ID
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    async with Simulator() as sim, asking(sim) as graph:
        yield graph


async def test_one_person_is_found_by_all_their_names(graph: Graph) -> None:
    person = graph.sim.person(
        "Miles O'Brien", upn="miles.o'brien@contoso.example", email="Miles@Contoso.example", aliases=("mob@x.example",)
    ).person
    names = [
        Recipient(ID, person.aad_object_id.upper()),
        Recipient(UPN, "MILES.O'BRIEN@contoso.example"),
        Recipient(EMAIL, "miles@contoso.example"),
        Recipient(EMAIL, "mob@x.example"),
    ]
    expected = DirectoryUser(aad_object_id=person.aad_object_id, name=person.name, upn=person.upn, mail=person.email)
    assert await graph.people.find(graph.tenant, names) == [[expected]] * 4


async def test_guests_disabled_accounts_and_strangers_are_told_apart(graph: Graph) -> None:
    graph.sim.person("Gus", upn="gus_fabrikam.example#ext#@contoso.example", guest=True)
    graph.sim.person("Dora", enabled=False)
    names = [Recipient(UPN, "gus_fabrikam.example#EXT#@contoso.example"), Recipient(EMAIL, "dora@contoso.example")]
    guest, disabled, *strangers = await graph.people.find(
        graph.tenant, [*names, Recipient(UPN, "$x@y.example"), Recipient(ID, NOBODY)]
    )
    assert isinstance(guest, list)
    assert isinstance(disabled, list)
    assert (guest[0].guest, disabled[0].enabled, strangers) == (True, False, [[], []])


async def test_fifty_names_take_three_requests_and_keep_their_order(graph: Graph) -> None:
    people = graph.sim.crowd(50)
    graph.sim.faults.add(
        faults.answer(429, operation="look_up", retry_after=7), faults.answer(503, operation="look_up")
    )
    found = await graph.people.find(graph.tenant, [Recipient(UPN, actor.person.upn) for actor in people])
    assert [users[0].aad_object_id for users in found if isinstance(users, list)] == [
        actor.aad_object_id for actor in people
    ]
    assert graph.pauses == [7.0]
    assert graph.sim.graph.gauge.arrivals["look_up"] == 50


async def test_a_missing_consent_is_a_reason_and_no_failure(graph: Graph) -> None:
    adele = graph.sim.person("Adele Vance")
    graph.sim.entra.consent(READ_GROUPS)
    (found,) = await graph.people.find(graph.tenant, [Recipient(UPN, adele.person.upn)])
    assert found == Refused(Reason.CONSENT_MISSING, 403, "Authorization_RequestDenied")
    graph.sim.entra.consent(READ_PEOPLE)
    group = graph.sim.entra_group("all", adele)
    assert await graph.people.members(graph.tenant, group.id) == Refused(
        Reason.CONSENT_MISSING, 403, "Authorization_RequestDenied"
    )


async def test_a_tenant_without_the_application_is_a_missing_consent(graph: Graph) -> None:
    (found,) = await graph.people.find("99999999-9999-4999-8999-999999999999", [Recipient(ID, NOBODY)])
    assert isinstance(found, Refused)
    assert found.reason is Reason.CONSENT_MISSING


async def test_a_refused_token_is_replaced_once(graph: Graph) -> None:
    adele = graph.sim.person("Adele Vance")
    wanted = [Recipient(ID, adele.aad_object_id)]
    await graph.people.find(graph.tenant, wanted)
    graph.sim.grants.revoke_all()
    (found,) = await graph.people.find(graph.tenant, wanted)
    assert isinstance(found, list)
    assert found[0].aad_object_id == adele.aad_object_id


async def test_a_directory_that_does_not_answer_is_said_so_after_three_tries(graph: Graph) -> None:
    graph.sim.faults.add(faults.answer(503, operation="look_up", times=3))
    with pytest.raises(GraphUnavailable) as raised:
        await graph.people.find(graph.tenant, [Recipient(ID, NOBODY)])
    assert raised.value.passing.status == 503
    assert graph.pauses == [0.5, 2.0]


async def test_nobody_waits_for_minutes_inside_a_call(graph: Graph) -> None:
    graph.sim.faults.add(faults.throttled(300, operation="look_up"))
    with pytest.raises(GraphUnavailable):
        await graph.people.find(graph.tenant, [Recipient(ID, NOBODY)])
    assert graph.pauses == []


async def test_a_group_is_read_to_its_last_page(graph: Graph) -> None:
    people = graph.sim.crowd(1_200)
    group = graph.sim.entra_group("all", *people[:700], groups=[graph.sim.entra_group("inner", *people[500:])])
    page = await graph.people.members(graph.tenant, group.id)
    assert isinstance(page, MembersPage)
    assert (len(page.users), page.following is None) == (999, False)
    last = await graph.people.members(graph.tenant, group.id, page.following)
    assert isinstance(last, MembersPage)
    found = {user.aad_object_id for user in (*page.users, *last.users)}
    assert (len(found), last.following) == (1_200, None)
    assert await graph.people.members(graph.tenant, NOBODY) == Refused(
        Reason.NO_SUCH_GROUP, 404, "Request_ResourceNotFound"
    )
