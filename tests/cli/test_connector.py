"""``bellwire connector package``: writes the files that Power Automate imports."""

from __future__ import annotations

from pathlib import Path

import orjson

from bellwire.cli.exits import Exit
from bellwire.flows.connector.actions import ACTIONS
from tests.cli.conftest import Command


def test_the_files_are_written(command: Command, tmp_path: Path) -> None:
    ended = command("connector", "package", "--url", "https://bellwire.contoso.example", "--json")
    assert ended.code == Exit.OK
    folder = tmp_path / "bellwire-connector"
    assert sorted(path.name for path in folder.iterdir()) == ended.json["files"]
    assert ended.json["actions"] == [action.summary for action in ACTIONS]
    made = orjson.loads((folder / "apiDefinition.swagger.json").read_bytes())
    assert made["host"] == "bellwire.contoso.example"
    settings = orjson.loads((folder / "settings.json").read_bytes())
    assert all((folder / name).exists() for name in settings.values())


def test_an_address_that_power_automate_cannot_call_is_refused(command: Command, tmp_path: Path) -> None:
    ended = command("connector", "package", "--url", "http://contoso.example")
    assert ended.code == Exit.USAGE
    assert "--url" in ended.err
    assert not (tmp_path / "bellwire-connector").exists()


def test_a_folder_that_cannot_be_written_is_named(command: Command, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    ended = command("connector", "package", "--url", "https://contoso.example", "--out", "taken")
    assert ended.code == Exit.USAGE
    assert "--out" in ended.err
