"""``bellwire deliveries``, ``people`` and ``books`` show what the service knows, as tables and as JSON."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from io import StringIO

from rich.console import Console

from bellwire.app import utc_now
from bellwire.cli.exits import Exit
from bellwire.cli.tables import person_facts
from bellwire.client import Person, Reach
from bellwire.model.reason import Reason
from bellwire.store import lanes
from tests.cli.conftest import Terminal

UNKNOWN = "01932f6e-7c1a-7b3e-9d41-0f6e2c1b5a77"


async def sent(terminal: Terminal, to: str) -> str:
    delivery = await terminal.service.client.send(to=to, text="What becomes of this?")
    return delivery.id


async def test_deliveries_are_listed_the_newest_first(quiet: Terminal) -> None:
    to = await quiet.someone()
    ids = [await sent(quiet, to) for _ in range(3)]
    assert [one["id"] for one in (await quiet.run("deliveries", "list", "--json")).json] == ids[::-1]
    assert [one["id"] for one in (await quiet.run("deliveries", "list", "--limit", "1", "--json")).json] == ids[-1:]
    table = await quiet.run("deliveries", "list", "--state", "queued", "--person", to)
    assert all(id_ in table.out for id_ in ids)


async def test_no_deliveries_are_no_error(quiet: Terminal) -> None:
    ended = await quiet.run("deliveries", "list")
    assert (ended.code, ended.out) == (Exit.OK, "")
    assert "No deliveries" in ended.err


async def test_one_delivery_is_shown(quiet: Terminal) -> None:
    to = await quiet.someone()
    shown = await quiet.run("deliveries", "show", await sent(quiet, to))
    assert shown.code == Exit.OK
    assert all(word in shown.out for word in ("queued", to, "accepted", "alerts"))
    assert "What becomes of this?" not in shown.out


async def test_a_delivery_can_be_cancelled(quiet: Terminal) -> None:
    id_ = await sent(quiet, await quiet.someone())
    cancelled = await quiet.run("deliveries", "cancel", id_, "--json")
    assert (cancelled.code, cancelled.json["state"]) == (Exit.OK, "cancelled")


async def test_only_what_has_ended_can_be_sent_again(quiet: Terminal) -> None:
    id_ = await sent(quiet, await quiet.someone())
    early = await quiet.run("deliveries", "resend", id_)
    assert (early.code, len(early.err.splitlines())) == (Exit.NOT_DONE, 1)
    await quiet.run("deliveries", "cancel", id_)
    resent = await quiet.run("deliveries", "resend", id_, "--json")
    assert resent.json["resend_of"] == id_


async def test_an_unknown_delivery_is_not_done(quiet: Terminal) -> None:
    ended = await quiet.run("deliveries", "show", UNKNOWN)
    assert ended.code == Exit.NOT_DONE
    assert "no such delivery" in ended.err


async def test_what_is_no_id_is_the_id_of_no_delivery(quiet: Terminal) -> None:
    for call in ("show", "cancel", "resend", "take-back"):
        ended = await quiet.run("deliveries", call, "4711")
        assert ended.code == Exit.NOT_DONE
        assert "An id as Bellwire gives it is needed" in " ".join(ended.err.split())


async def test_people_are_listed_with_what_is_in_the_way(quiet: Terminal) -> None:
    adele = await quiet.someone("Adele Vance")
    elif_ = quiet.service.teams.person("Elif Kaya")
    await elif_.install()
    await elif_.uninstall()
    listed = await quiet.run("people", "list")
    assert all(word in listed.out for word in (adele, elif_.aad_object_id, "not reachable", "uninstalled"))
    found = (await quiet.run("people", "list", "--state", "uninstalled", "--json")).json
    assert [one["aad_object_id"] for one in found] == [elif_.aad_object_id]


async def test_nobody_known_is_no_error(quiet: Terminal) -> None:
    ended = await quiet.run("people", "list")
    assert (ended.code, ended.out) == (Exit.OK, "")


async def test_one_person_is_shown_with_and_without_their_tenant(quiet: Terminal) -> None:
    to = await quiet.someone()
    tenant = quiet.service.teams.bot.tenant_id
    searched = await quiet.run("people", "show", to)
    named = await quiet.run("people", "show", to.upper(), "--tenant", tenant)
    assert searched.out == named.out
    assert "teams_personal" in named.out


def test_of_a_flow_it_is_shown_when_it_reached_them_and_when_they_lacked_the_agent() -> None:
    moment = datetime(2030, 1, 15, 9, 30, tzinfo=UTC)
    missing = Reach(sender="studio", reachable=False, reason="agent_not_installed", agent_absent_at=moment)
    reached = Reach(sender="pager", reachable=True, way="flow", agent_delivered_at=moment)
    out = Console(file=StringIO(), width=200)
    out.print(person_facts(Person(tenant_id="t", aad_object_id="o", senders=(missing, reached))))
    assert isinstance(out.file, StringIO)
    said = re.sub(" +", " ", out.file.getvalue())
    assert "as studio not reachable" in said
    assert re.search(r"no agent 2030-01-1[456] \d\d:\d\d:00", said)
    assert re.search(r"delivered 2030-01-1[456] \d\d:\d\d:00", said)
    assert "chat none stored" not in said


async def test_a_stranger_is_not_found(quiet: Terminal) -> None:
    ended = await quiet.run("people", "show", UNKNOWN)
    assert ended.code == Exit.NOT_DONE


async def test_the_books_show_the_identity(quiet: Terminal) -> None:
    to = await quiet.someone()
    await quiet.run("deliveries", "cancel", await sent(quiet, to))
    await sent(quiet, to)
    shown = await quiet.run("books", "--audit")
    assert shown.code == Exit.OK
    assert "2 accepted = 0 sent + 0 undeliverable + 0 unknown + 1 cancelled + 0 expired + 1 open" in shown.out
    assert (await quiet.run("books", "--json")).json["balanced"] is True


async def test_the_books_show_what_stands_still(quiet: Terminal) -> None:
    await sent(quiet, await quiet.someone())
    assert "stands still" not in (await quiet.run("books")).out
    later = utc_now() + timedelta(days=1)
    database = quiet.service.bellwire.database
    await database.write(lambda conn: lanes.halt(conn, "alerts", Reason.TOKEN_REFUSED, utc_now(), later))
    shown = await quiet.run("books")
    assert "stands still" in shown.out
    assert "token_refused" in shown.out
    assert (await quiet.run("books", "--json")).json["lines"][0]["reason"] == "token_refused"


async def test_what_was_said_can_be_changed_and_taken_back(working: Terminal) -> None:
    adele = working.service.teams.person("Adele Vance")
    await adele.install()
    sent = await working.run("send", adele.aad_object_id, "--text", "The build is green.", "--wait", "--json")
    id_, ledger = sent.json["id"], working.service.teams.ledger
    assert (await working.run("deliveries", "change", id_, "--text", "The build is red.")).code == Exit.OK
    await working.service.teams.events.until(lambda: bool(ledger.entries[0].updates))
    assert ledger.entries[0].updates[0]["text"] == "The build is red."
    assert (await working.run("deliveries", "take-back", id_)).code == Exit.OK
    await working.service.teams.events.until(lambda: ledger.entries[0].deleted_at is not None)
    assert adele.received() == []


async def test_the_deliveries_of_one_message_are_listed(quiet: Terminal) -> None:
    people = [await quiet.someone(name) for name in ("Adele Vance", "Ben Okafor")]
    mailing = await quiet.service.client.send_to_many(to=people, text="The canteen is closed.")
    listed = await quiet.run("deliveries", "list", "--message", mailing.message_id, "--json")
    assert {one["aad_object_id"] for one in listed.json} == set(people)
