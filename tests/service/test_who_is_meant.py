"""Whom a user principal name or an address means: asked of the directory, kept for a time, refused with a reason."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bellwire.errors import Unreachable
from bellwire.simulator import faults
from bellwire.simulator.graph.entra import READ_GROUPS, READ_PEOPLE
from tests.support.service import HandClock, Running, running

TENANT = "99999999-9999-4999-8999-999999999999"


@pytest.fixture
def clock() -> HandClock:
    return HandClock(datetime.now(UTC))


@pytest.fixture
async def service(database_url: str, clock: HandClock) -> AsyncIterator[Running]:
    environment = {"BELLWIRE_DIRECTORY__KEEP_FOR": "3600"}
    async with running(database_url, work=False, clock=clock, environment=environment) as service:
        yield service


def asked(service: Running) -> int:
    """How many look-ups the directory answered."""
    return service.teams.graph.gauge.arrivals.get("look_up", 0)


@pytest.mark.parametrize("to", [{"upn": "A.Vance@contoso.example"}, {"email": "adele@x.example"}, "adele@x.example"])
async def test_a_name_is_asked_once_and_then_known(service: Running, to: Any) -> None:
    adele = service.teams.person("Adele Vance", upn="a.vance@contoso.example", aliases=("adele@x.example",))
    await adele.install()
    first, second = [await service.client.send(to=to, text="hi") for _ in range(2)]
    assert {first.aad_object_id, second.aad_object_id} == {adele.aad_object_id}
    assert asked(service) == 1


async def test_an_old_answer_is_asked_for_again_and_never_used_instead(service: Running, clock: HandClock) -> None:
    adele = service.teams.person("Adele Vance")
    await adele.install()
    await service.client.send(to=adele.person.email, text="hi")
    clock.now += timedelta(seconds=3_601)
    service.teams.faults.add(faults.throttled(300, operation="look_up"))
    body = {"to": {"email": adele.person.email}, "text": "hi"}
    away = await service.call("POST", "/v1/messages", body)
    assert (away.status, away.code) == (503, "directory_unavailable")
    await service.client.send(to=adele.person.email, text="hi")
    assert asked(service) == 2


@pytest.mark.parametrize(
    ("details", "reason"),
    [({"guest": True}, "guest"), ({"enabled": False}, "account_disabled"), ({"email": "other@x.example"}, None)],
)
async def test_someone_whom_a_bot_cannot_write_to_is_refused_with_the_reason(
    service: Running, details: dict[str, Any], reason: str | None
) -> None:
    service.teams.person("Adele Vance", upn="adele@contoso.example", **details)
    with pytest.raises(Unreachable) as refused:
        await service.client.send(to={"upn": "adele@contoso.example"}, text="hi")
    assert refused.value.code == (reason or "never_seen")


async def test_an_address_of_two_people_and_of_nobody_is_refused(service: Running) -> None:
    for name in ("One", "Two"):
        service.teams.person(name, email="team@contoso.example", upn=f"{name}@contoso.example")
    codes = []
    for address in ("team@contoso.example", "nobody@contoso.example"):
        with pytest.raises(Unreachable) as refused:
            await service.client.send(to=address, text="hi")
        codes.append((refused.value.code, refused.value.field))
    assert codes == [("several_people", "to.email"), ("no_such_person", "to.email")]


async def test_a_stranger_is_looked_for_again_next_time(service: Running) -> None:
    with pytest.raises(Unreachable):
        await service.client.send(to="adele@contoso.example", text="hi")
    adele = service.teams.person("Adele", upn="adele@contoso.example")
    await adele.install()
    assert (await service.client.send(to="adele@contoso.example", text="hi")).aad_object_id == adele.aad_object_id


async def test_a_missing_consent_says_whose_move_it_is(service: Running) -> None:
    service.teams.entra.consent(READ_GROUPS)
    with pytest.raises(Unreachable) as refused:
        await service.client.send(to="adele@contoso.example", text="hi")
    assert refused.value.code == "consent_missing"
    assert "administrator" in refused.value.remedy


async def test_another_tenants_directory_is_asked_in_its_own_name(database_url: str) -> None:
    environment = {"BELLWIRE_ALLOWED_TENANTS": f"11111111-1111-4111-8111-111111111111,{TENANT}"}
    async with running(database_url, work=False, environment=environment) as service:
        service.teams.entra.consent(READ_PEOPLE, tenant_id=TENANT)
        megan = service.teams.person("Megan", tenant_id=TENANT, upn="megan@fabrikam.example")
        await megan.install()
        sent = await service.client.send(to="megan@fabrikam.example", tenant_id=TENANT, text="hi")
        assert (sent.tenant_id, sent.aad_object_id) == (TENANT, megan.aad_object_id)
        with pytest.raises(Unreachable) as elsewhere:
            await service.client.send(to="megan@fabrikam.example", text="hi")
        assert elsewhere.value.code == "no_such_person"


async def test_many_are_found_in_batches_and_nobody_is_missing(service: Running) -> None:
    people = service.teams.crowd(60)
    named = [actor.person.email.upper() for actor in people[:50]] + [actor.aad_object_id for actor in people[40:]]
    mailing = await service.client.send_to_many(to=[*named, "nobody@contoso.example"], text="hi", if_unreachable="wait")
    assert (mailing.accepted, mailing.duplicates, mailing.refused) == (
        60,
        10,
        {"nobody@contoso.example": "no_such_person"},
    )


async def test_what_was_found_before_a_failure_is_not_asked_again(service: Running) -> None:
    people = service.teams.crowd(60)
    service.teams.faults.add(faults.throttled(300, operation="look_up"))
    addresses = [actor.person.email for actor in people]
    body = {"to": addresses, "text": "hi", "if_unreachable": "wait"}
    assert (await service.call("POST", "/v1/messages/bulk", body)).status == 503
    before = asked(service)
    mailing = await service.client.send_to_many(to=addresses, text="hi", if_unreachable="wait")
    assert (mailing.accepted, asked(service) - before) == (60, 20)
