"""``bellwire send``: texts, cards and terms reach the service, and the exit code says what came of it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from bellwire.cli.exits import Exit
from tests.cli.conftest import Terminal

CARD: dict[str, Any] = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "Hello"}]}


async def test_a_text_is_accepted_and_shown(quiet: Terminal) -> None:
    to = await quiet.someone()
    ended = await quiet.run("send", to, "--text", "The build is green again.", "--reference", "build-4711")
    assert ended.code == Exit.OK
    assert "queued" in ended.out
    assert "build-4711" in ended.out


async def test_all_terms_reach_the_service(quiet: Terminal) -> None:
    to = await quiet.someone()
    tenant = quiet.service.teams.bot.tenant_id
    terms = ["--tenant", tenant, "--sender", "alerts", "--priority", "urgent", "--if-unreachable", "wait"]
    times = ["--send-at", "2090-01-01T10:00:00+02:00", "--expires-at", "2090-01-02T00:00:00Z"]
    ended = await quiet.run("send", to, "--text", "Later.", *terms, *times, "--on-unknown", "resend", "--json")
    sent = ended.json
    assert (sent["priority"], sent["if_unreachable"], sent["on_unknown"]) == ("urgent", "wait", "resend")
    assert (sent["run_at"], sent["expires_at"]) == ("2090-01-01T08:00:00+00:00", "2090-01-02T00:00:00+00:00")


async def test_standard_input_is_read_where_there_is_no_text(quiet: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Disk 90 % full\n"))
    ended = await quiet.run("send", await quiet.someone(), "--json")
    assert ended.json["state"] == "queued"


async def test_a_card_goes_with_its_summary(quiet: Terminal, tmp_path: Path) -> None:
    card = tmp_path / "card.json"
    card.write_text(json.dumps(CARD))
    to = await quiet.someone()
    assert (await quiet.run("send", to, "--card", str(card), "--summary", "Hello")).code == Exit.OK
    without = await quiet.run("send", to, "--card", str(card))
    assert without.code == Exit.USAGE
    assert "summary" in without.err


async def test_a_file_that_is_no_card_is_refused_before_anything_is_sent(quiet: Terminal, tmp_path: Path) -> None:
    card = tmp_path / "card.json"
    for content in ("[1]", "{", ""):
        card.write_text(content)
        ended = await quiet.run("send", await quiet.someone(), "--card", str(card), "--summary", "x")
        assert (ended.code, ended.out) == (Exit.USAGE, "")


async def test_someone_who_cannot_be_reached_is_refused_with_the_remedy(quiet: Terminal) -> None:
    stranger = quiet.service.teams.person("Farid Haddad")
    ended = await quiet.run("send", stranger.aad_object_id, "--text", "Nice to meet you.")
    assert ended.code == Exit.NOT_DONE
    assert "never seen this person" in ended.err
    assert "Have the app installed" in ended.err


async def test_the_same_idempotency_key_sends_once(quiet: Terminal) -> None:
    message = ["send", await quiet.someone(), "--text", "Only once.", "--idempotency-key", "build-4711", "--json"]
    first, second = await quiet.run(*message), await quiet.run(*message)
    assert first.json["id"] == second.json["id"]


async def test_a_wrong_key_has_its_own_code(quiet: Terminal) -> None:
    ended = await quiet.run("send", await quiet.someone(), "--text", "Let me in.", "--key", "not-the-key-of-anyone")
    assert ended.code == Exit.KEY_REFUSED


async def test_a_delivery_that_stays_open_is_undecided(quiet: Terminal) -> None:
    ended = await quiet.run("send", await quiet.someone(), "--text", "Are you there?", "--wait", "--timeout", "0")
    assert ended.code == Exit.UNDECIDED
    assert "queued" in ended.out


async def test_waiting_follows_the_delivery_to_its_end(working: Terminal) -> None:
    to = await working.someone()
    ended = await working.run("send", to, "--text", "It works, from here to there.", "--wait", "--json")
    assert (ended.code, ended.json["state"]) == (Exit.OK, "sent")
    assert [entry.person for entry in working.service.teams.ledger.entries] == [to]


async def test_waiting_for_what_teams_refuses_ends_with_the_reason(working: Terminal) -> None:
    hugo = working.service.teams.person("Hugo Brandt")
    await hugo.install()
    hugo.block()
    ended = await working.run("send", hugo.aad_object_id, "--text", "Your badge expires.", "--wait")
    assert ended.code == Exit.NOT_DONE
    assert "blocked" in ended.out
