"""``bellwire package``: writes what Teams takes, refuses what it would not, and says what an administrator allows."""

from __future__ import annotations

from pathlib import Path

import pytest

from bellwire.cli.exits import Exit
from bellwire.cli.package import OPTIONS
from bellwire.teams.app_package.archive import manifest_of, package_flaws
from tests.cli.conftest import Command

APP_ID = "22222222-2222-4222-8222-222222222222"
TENANT_ID = "11111111-1111-4111-8111-111111111111"
ALERTS = {
    "BELLWIRE_SENDERS__ALERTS__APP_ID": APP_ID,
    "BELLWIRE_SENDERS__ALERTS__TENANT_ID": TENANT_ID,
    "BELLWIRE_SENDERS__ALERTS__CLIENT_SECRET": "x",
}
OTHER = {name.replace("ALERTS", "OTHER"): value for name, value in ALERTS.items()}


def test_the_senders_app_is_packed_and_the_way_to_consent_shown(command: Command, tmp_path: Path) -> None:
    ended = command("package", "--name", "Pager", "--json", env=ALERTS)
    assert ended.code == Exit.OK
    package = (tmp_path / "bellwire-app.zip").read_bytes()
    assert package_flaws(package, APP_ID) == []
    assert manifest_of(package)["name"] == {"short": "Pager", "full": "Pager"}
    assert ended.json["manifest_id"] == APP_ID
    assert ended.json["admin_consent_url"] == (
        f"https://login.microsoftonline.com/{TENANT_ID}/adminconsent?client_id={APP_ID}"
    )
    assert "TeamsAppInstallation.ReadWriteSelfForUser.All" in ended.out


def test_the_settings_may_give_the_app_an_id_of_its_own(command: Command) -> None:
    own = {"BELLWIRE_SENDERS__ALERTS__TEAMS_APP_ID": TENANT_ID}
    assert command("package", "--json", env=ALERTS | own).json["manifest_id"] == TENANT_ID


def test_people_are_told_the_permissions_and_the_link(command: Command) -> None:
    ended = command("package", env=ALERTS | {"BELLWIRE_CLOUD__NAME": "gcch"})
    assert "User.Read.All" in ended.out
    assert f"https://login.microsoftonline.us/{TENANT_ID}/adminconsent" in ended.err


def test_it_works_without_settings(command: Command, tmp_path: Path) -> None:
    assert command("package", "--app-id", APP_ID, "--out", "app.zip", "--team").code == Exit.OK
    assert manifest_of((tmp_path / "app.zip").read_bytes())["bots"][0]["scopes"] == ["personal", "team"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--name", "x" * 31], "--name: It has 31 characters"),
        (["--accent", "blue"], "--accent"),
        (["--version", "one"], "--version"),
        (["--website", "contoso"], "--website"),
        (["--id", "1"], "--id"),
        (["--icon", "missing.png"], "--icon: The file cannot be read"),
        (["--icon", "text.png"], "--icon: It is no PNG"),
        (["--outline", "text.png"], "--outline: It is no PNG"),
        (["--out", "missing/app.zip"], "--out"),
        (["--app-id", "x"], "--app-id"),
        (["--sender", "nobody"], "alerts"),
        (["--check", "missing.zip"], "--check"),
    ],
)
def test_what_teams_would_refuse_is_refused_here(
    command: Command, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "text.png").write_text("no picture")
    ended = command("package", *arguments, env=ALERTS)
    assert ended.code == Exit.USAGE
    assert said in ended.err
    assert not (tmp_path / "bellwire-app.zip").exists()


@pytest.mark.parametrize(("env", "said"), [({}, "--app-id"), (ALERTS | OTHER, "--sender")])
def test_which_bot_is_meant_has_to_be_clear(command: Command, env: dict[str, str], said: str) -> None:
    ended = command("package", env=env)
    assert ended.code == Exit.USAGE
    assert said in ended.err


def test_a_check_tells_good_from_broken(command: Command, tmp_path: Path) -> None:
    command("package", env=ALERTS)
    assert command("package", "--check", "bellwire-app.zip").code == Exit.OK
    (tmp_path / "broken.zip").write_bytes(b"PK")
    ended = command("package", "--check", "broken.zip")
    assert ended.code == Exit.NOT_DONE
    assert "no zip" in ended.out


def test_a_check_can_ask_whether_it_is_the_senders(command: Command) -> None:
    command("package", "--app-id", "99999999-9999-4999-8999-999999999999")
    ended = command("package", "--check", "bellwire-app.zip", "--sender", "alerts", "--json", env=ALERTS)
    assert ended.code == Exit.NOT_DONE
    (flaw,) = ended.json["flaws"]
    assert flaw["place"] == "bots.botId"
    assert APP_ID in flaw["detail"]


def test_every_option_that_a_flaw_may_name_exists(command: Command) -> None:
    shown = command("package", "--help", env={"COLUMNS": "200"}).out
    assert [option for option in OPTIONS.values() if option not in shown] == []
