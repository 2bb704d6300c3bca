"""``bellwire callbacks`` adds receivers, shows how they fare, tries them and ends them."""

from __future__ import annotations

from datetime import datetime

import pytest

from bellwire.cli.exits import Exit
from bellwire.cli.tables import moment
from tests.cli.conftest import Terminal

ADDRESS = "https://receiver.contoso.invalid/hook?sig=a-secret-of-the-receiver"
UNKNOWN = "01932f6e-7c1a-7b3e-9d41-0f6e2c1b5a77"


async def test_a_callback_is_added_and_listed(quiet: Terminal) -> None:
    added = await quiet.run("callbacks", "add", ADDRESS, "--sender", "alerts", "--mine")
    assert added.code == Exit.OK
    assert added.out.startswith("whsec_")
    assert "receiver.contoso.invalid:443" in added.err
    (one,) = (await quiet.run("callbacks", "list", "--json")).json
    assert (one["health"], one["sender"], one["mine"], one["secret"]) == ("working", "alerts", True, None)
    table = await quiet.run("callbacks", "list")
    assert all(word in table.out for word in (one["id"], "receiver.contoso.invalid:443", "working", "alerts, mine"))
    assert "a-secret-of-the-receiver" not in f"{added}{table}"


async def test_the_address_may_come_from_the_environment(quiet: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWIRE_CALLBACK_URL", ADDRESS)
    assert (await quiet.run("callbacks", "add", "--json")).json["host"] == "receiver.contoso.invalid:443"


async def test_a_trial_that_fails_is_not_done(quiet: Terminal) -> None:
    callback_id = (await quiet.run("callbacks", "add", ADDRESS, "--json")).json["id"]
    tried = await quiet.run("callbacks", "test", callback_id)
    assert (tried.code, tried.out) == (Exit.NOT_DONE, "")
    assert tried.err.startswith("failed: ")


async def test_a_secret_is_renewed_and_a_callback_removed(quiet: Terminal) -> None:
    first = (await quiet.run("callbacks", "add", ADDRESS, "--json")).json
    renewed = await quiet.run("callbacks", "new-secret", first["id"])
    assert renewed.out.strip().startswith("whsec_") != first["secret"]
    assert (await quiet.run("callbacks", "remove", first["id"])).code == Exit.OK
    assert "No callbacks" in (await quiet.run("callbacks", "list")).err
    assert (await quiet.run("callbacks", "remove", UNKNOWN)).code == Exit.NOT_DONE


async def test_an_address_that_may_not_be_told_is_a_usage_error(quiet: Terminal) -> None:
    refused = await quiet.run("callbacks", "add", "http://10.0.0.1/hook")
    assert (refused.code, refused.out) == (Exit.USAGE, "")
    assert "ADDRESS: " in refused.err


async def test_two_callbacks_on_one_host_are_told_apart(quiet: Terminal) -> None:
    made = (await quiet.run("callbacks", "add", ADDRESS, "--json")).json
    table = await quiet.run("callbacks", "list")
    assert moment(datetime.fromisoformat(made["created_at"])) in table.out
