"""``--repair``: Teams is asked for the chats of those whose chat an import does not tell, and nothing is posted."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from bellwire.client import Repairs
from bellwire.simulator import Actor, Simulator, faults
from bellwire.store.tables import repairs as table
from tests.cli.conftest import Terminal
from tests.importing.heaps import in_snake_case
from tests.reach.scenes import said, send, steps, team_with_the_app
from tests.support.activities import Json
from tests.support.service import Running, running


@pytest.fixture
async def at_work(database_url: str) -> AsyncIterator[Running]:
    async with running(database_url) as service:
        yield service


def entry(actor: Actor, on: str = "copilot") -> Json:
    """What another bot kept of somebody whom it met there last."""
    channel = "msteams:COPILOT" if on == "copilot" else "msteams"
    conversation = {"id": "19:somewhere@thread.v2", "conversationType": "groupChat", "tenantId": actor.tenant_id}
    return {
        "user": {"aadObjectId": actor.aad_object_id},
        "channelId": channel,
        "conversation": conversation,
        "serviceUrl": actor.service_url,
    }


def only_named(actor: Actor) -> Json:
    """Somebody of whom nothing but the object id is known."""
    return {"aad_object_id": actor.aad_object_id}


async def repaired(service: Running, *entries: Json) -> Repairs:
    """The books, when all chats of these entries were asked for."""
    recorded = service.worker.signals.recorded.listen()
    await service.client.tell_references(entries, repair=True)
    while (found := await service.client.repairs()).open:
        await asyncio.wait_for(recorded.get(), 10)
    return found


async def reasons(service: Running, *entries: Json) -> list[str | None]:
    """What stood in the way of each of them, in the order in which they were asked for."""
    return [each.reason for each in (await repaired(service, *entries)).items]


async def test_a_chat_is_opened_without_a_message(at_work: Running) -> None:
    adele = at_work.teams.person("Adele")
    adele.presence.acquired = True
    books = await repaired(at_work, entry(adele))
    assert (books.asked, books.opened, books.refused) == (1, 1, 0)
    assert (said(adele), at_work.teams.ledger.entries) == ([], [])
    assert steps(await send(at_work, adele)) == [("post", "sent")]


async def test_who_lacks_the_app_is_refused_and_that_is_remembered(at_work: Running) -> None:
    adele = at_work.teams.person("Adele")
    assert await reasons(at_work, entry(adele)) == ["not_installed"]
    (known,) = (await at_work.client.person(adele.aad_object_id, tenant_id=adele.tenant_id)).senders
    assert (known.reachable, known.reason) == (False, "not_installed")


async def test_who_was_met_in_a_group_is_asked_for_too(at_work: Running) -> None:
    adele, bert = at_work.teams.person("Adele"), at_work.teams.person("Bert")
    adele.presence.installed = True
    books = await repaired(at_work, entry(adele, on="group"), entry(bert, on="group"))
    assert (books.opened, books.refused) == (1, 1), books


async def test_a_member_of_a_team_is_asked_for_by_the_roster(at_work: Running) -> None:
    adele, greta = at_work.teams.person("Adele"), at_work.teams.person("Greta")
    greta.person.guest = True
    await team_with_the_app(at_work, adele, greta)
    books = await repaired(at_work, entry(adele, on="group"), entry(adele), only_named(greta))
    assert (books.opened, books.refused) == (1, 1)
    assert {each.reason for each in books.items} == {None, "guest"}


async def test_somebody_of_whom_only_a_name_is_known_is_asked_for(at_work: Running) -> None:
    adele = at_work.teams.person("Adele")
    adele.presence.installed = True
    (told,) = await at_work.client.tell_references([only_named(adele)])
    assert (told.why, told.repaired) == ("no_conversation", False)
    (told,) = await at_work.client.tell_references([only_named(adele)], repair=True, dry_run=True)
    assert (told.verdict, told.why, told.repaired) == ("mended", "asked_for", True)
    assert (await at_work.client.repairs()).asked == 0
    assert (await repaired(at_work, only_named(adele))).opened == 1


async def test_what_waits_for_the_person_goes_out_when_the_chat_is_open(at_work: Running) -> None:
    adele = at_work.teams.person("Adele")
    adele.presence.installed = True
    waits = await send(at_work, adele, if_unreachable="wait")
    await repaired(at_work, only_named(adele))
    assert (await at_work.client.wait(waits.id)).state == "sent"


async def test_a_chat_that_is_known_is_left_alone(at_work: Running) -> None:
    adele = at_work.teams.person("Adele")
    await adele.install()
    openings = len(at_work.teams.ledger.openings)
    assert (await repaired(at_work, entry(adele), only_named(adele))).asked == 0
    assert len(at_work.teams.ledger.openings) == openings


async def test_asking_again_asks_anew_only_when_the_first_time_is_over(at_work: Running) -> None:
    adele = at_work.teams.person("Adele")
    assert await reasons(at_work, entry(adele)) == ["not_installed"]
    adele.presence.installed = True
    books = await repaired(at_work, entry(adele))
    assert (books.asked, books.opened) == (1, 1)


async def test_a_passing_refusal_is_tried_again(at_work: Running) -> None:
    adele = at_work.teams.person("Adele")
    adele.presence.installed = True
    at_work.teams.faults.add(faults.answer(503))
    books = await repaired(at_work, only_named(adele))
    assert (books.opened, books.items[0].attempts) == (1, 2)


async def test_what_a_dead_worker_held_is_done_by_the_next(database_url: str) -> None:
    async with Simulator() as teams:
        adele = teams.person("Adele")
        adele.presence.installed = True
        async with running(database_url, teams=teams, work=False) as service:
            await service.client.tell_references([only_named(adele)], repair=True)
            await service.bellwire.database.write(_hold)
        async with running(database_url, teams=teams) as service:
            recorded = service.worker.signals.recorded.listen()
            while (books := await service.client.repairs()).open:
                await asyncio.wait_for(recorded.get(), 10)
            assert books.opened == 1


def _hold(conn: Connection) -> None:
    """As a worker that died leaves it behind."""
    conn.execute(update(table).values(state="sending", claimed_by="dead", attempts=1))


async def test_many_are_opened_at_teams_pace(at_work: Running) -> None:
    crowd = at_work.teams.crowd(150, installed=False)
    for actor in crowd:
        actor.presence.installed = True
    books = await repaired(at_work, *map(only_named, crowd))
    assert (books.asked, books.opened, at_work.teams.exceeded.total()) == (150, 150, 0)


async def test_the_books_know_each_kind(at_work: Running) -> None:
    people = [at_work.teams.person(f"Adele {number}") for number in range(3)]
    people[0].presence.installed = True
    await repaired(at_work, *map(only_named, people))
    answer = (await at_work.call("GET", "/v1/repairs?state=refused&limit=1")).body
    assert [answer[name] for name in ("asked", "open", "opened", "refused")] == [3, 0, 1, 2]
    assert [(each["reason"], each["count"], each["whose_move"]) for each in answer["reasons"]] == [
        ("not_installed", 2, "person")
    ]
    (first,) = answer["repairs"]
    (second,) = (await at_work.call("GET", f"/v1/repairs?state=refused&limit=1&after={answer['next']}")).body["repairs"]
    assert {first["aad_object_id"], second["aad_object_id"]} == {each.aad_object_id for each in people[1:]}


async def test_the_command_waits_and_reports_what_came_of_each(
    at_work: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BELLWIRE_URL", at_work.url)
    monkeypatch.setenv("BELLWIRE_API_KEY", at_work.key)
    terminal = Terminal(at_work, capsys)
    adele, bert = at_work.teams.person("Adele"), at_work.teams.person("Bert")
    adele.presence.acquired = True
    heap, report = tmp_path / "heap.json", tmp_path / "report.csv"
    heap.write_text(json.dumps([entry(adele), in_snake_case(entry(bert)), {"user": 7}]))
    dry = await terminal.run("people", "import", str(heap), "--repair")
    assert "the chats of 2 people" in dry.err
    command = ("people", "import", str(heap), "--apply", "--repair", "--report", str(report))
    told = (await terminal.run(*command, "--json")).json
    assert told["repairs"] == {"opened": 1, "not_installed": 1}
    with report.open(newline="") as rows:
        by_person = {row["aad_object_id"]: row for row in csv.DictReader(rows)}
    assert by_person[adele.aad_object_id]["verdict"] == "mended"
    refused = by_person[bert.aad_object_id]
    assert (refused["verdict"], refused["why"]) == ("refused", "not_installed")
    assert refused["remedy"].startswith("Have the app installed")
    assert at_work.teams.ledger.entries == []
