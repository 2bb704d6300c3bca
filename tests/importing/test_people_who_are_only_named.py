"""Entries with a user principal name or an e-mail address instead of an object id: the directory is asked who it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bellwire.simulator import Actor
from bellwire.simulator.graph.entra import READ_GROUPS
from tests.cli.conftest import Terminal
from tests.reach.scenes import send, steps
from tests.support.activities import Json
from tests.support.service import Running, running


@pytest.fixture
async def service(database_url: str) -> AsyncIterator[Running]:
    async with running(database_url) as service:
        yield service


def row(actor: Actor, **names: str) -> Json:
    """A row of somebody's own table, of a Teams chat."""
    return {**names, "conversation_id": actor.chat().id, "conversation_type": "personal"}


async def whys(service: Running, *entries: Json, repair: bool = False) -> list[tuple[str, str]]:
    return [(told.verdict, told.why) for told in await service.client.tell_references(entries, repair=repair)]


@pytest.mark.parametrize("column", ["upn", "userPrincipalName", "email", "Mail"])
async def test_a_named_persons_chat_is_taken_in(service: Running, column: str) -> None:
    adele = service.teams.person("Adele Vance")
    adele.presence.installed = True
    name = adele.person.upn if "p" in column else adele.person.email
    (told,) = await service.client.tell_references([row(adele, **{column: name})])
    assert (told.why, told.aad_object_id) == ("teams_chat", adele.aad_object_id)
    assert steps(await send(service, adele)) == [("post", "sent")]


async def test_the_name_in_an_sdks_reference_counts_too(service: Running) -> None:
    adele = service.teams.person("Adele Vance")
    reference = {
        "user": {"id": "29:1", "userPrincipalName": adele.person.upn},
        "channelId": "msteams",
        "conversation": {"id": adele.chat().id, "conversationType": "personal", "tenantId": adele.tenant_id},
    }
    assert await whys(service, reference) == [("taken", "teams_chat")]


async def test_an_object_id_is_believed_and_nobody_is_asked(service: Running) -> None:
    adele = service.teams.person("Adele Vance")
    entry = row(adele, aad_object_id=adele.aad_object_id, upn="somebody.else@contoso.example")
    assert await whys(service, entry) == [("taken", "teams_chat")]
    assert "look_up" not in service.teams.graph.gauge.arrivals


async def test_whoever_is_not_meant_is_refused_with_the_reason(service: Running) -> None:
    adele, guest, former = (service.teams.person(name) for name in ("Adele", "Greta Guest", "Fred Former"))
    guest.person.guest, former.person.enabled = True, False
    entries = [row(adele, upn="nobody@contoso.example"), *(row(who, upn=who.person.upn) for who in (guest, former))]
    told = await service.client.tell_references(entries)
    assert [each.why for each in told] == ["no_such_person", "guest", "account_disabled"]
    assert {each.verdict for each in told} == {"refused"}
    assert all(each.remedy for each in told)


async def test_many_are_looked_up_together_and_nobody_is_missing(service: Running) -> None:
    crowd = service.teams.crowd(45, installed=False)
    told = await service.client.tell_references([row(each, email=each.person.email) for each in crowd])
    assert [each.aad_object_id for each in told] == [each.aad_object_id for each in crowd]


async def test_a_name_without_a_conversation_is_refused_or_asked_for(service: Running) -> None:
    adele = service.teams.person("Adele Vance")
    assert await whys(service, {"email": adele.person.email}) == [("refused", "no_conversation")]
    assert await whys(service, {"email": adele.person.email}, repair=True) == [("mended", "asked_for")]


async def test_a_consent_that_is_missing_is_told(service: Running) -> None:
    service.teams.entra.consent(READ_GROUPS)
    adele = service.teams.person("Adele Vance")
    assert await whys(service, row(adele, upn=adele.person.upn)) == [("refused", "consent_missing")]


async def test_a_table_of_names_is_read_by_the_command(
    service: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BELLWIRE_URL", service.url)
    monkeypatch.setenv("BELLWIRE_API_KEY", service.key)
    adele = service.teams.person("Adele Vance")
    adele.presence.installed = True
    table = tmp_path / "people.csv"
    table.write_text(f"E-Mail;Name\n{adele.person.email};Adele\nnobody@contoso.example;Nobody\n")
    command = ("people", "import", str(table), "--apply", "--repair", "--json")
    told = (await Terminal(service, capsys).run(*command)).json
    assert (told["reasons"], told["repairs"]) == ({"asked_for": 1, "no_such_person": 1}, {"opened": 1})
