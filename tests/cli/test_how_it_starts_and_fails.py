"""The command line starts fast, and whatever goes wrong is one line with a remedy and an exit code of its own."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from bellwire.cli.exits import Exit
from tests.cli.conftest import Command, Run

NOBODY = "5d0e1f9c-2b6a-4a53-9f0e-7b1c3c1d2e4f"
NO_SERVICE = {"BELLWIRE_URL": "http://127.0.0.1:9"}
BOT = {
    "BELLWIRE_SENDERS__ALERTS__APP_ID": NOBODY,
    "BELLWIRE_SENDERS__ALERTS__TENANT_ID": NOBODY,
    "BELLWIRE_SENDERS__ALERTS__CLIENT_SECRET": "x",
}
OF_KUBERNETES = {"BELLWIRE_PORT": "tcp://10.0.0.1:3978", "BELLWIRE_WORKER_SERVICE_HOST": "10.0.0.2"}
HEAVY = ("sqlalchemy", "aiohttp", "fastapi", "pydantic", "uvicorn", "rich", "asyncpg", "azure")


def test_the_version_is_shown(bellwire: Run) -> None:
    shown = bellwire("--version")
    assert shown.returncode == Exit.OK
    assert shown.stdout.startswith("bellwire 0.")


def test_starting_imports_nothing_heavy() -> None:
    show_version = "import sys; from bellwire.cli import main; main(['--version'])"
    show_imports = f"print([module for module in {HEAVY} if module in sys.modules])"
    program = f"{show_version}; {show_imports}"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "[]"


def test_help_names_every_command(command: Command) -> None:
    shown = command("--help")
    assert shown.code == Exit.OK
    assert all(name in shown.out for name in ("serve", "send", "deliveries", "people", "books", "keys", "demo"))


@pytest.mark.parametrize(
    ("arguments", "env", "code", "said"),
    [
        (["nonsense"], {}, Exit.USAGE, "No such command"),
        (["send"], {}, Exit.USAGE, "PERSON"),
        (["send", NOBODY, "--priority", "shouted", "--text", "x"], {}, Exit.USAGE, "--priority"),
        (
            ["send", NOBODY, "--priority", "shouted", "--text", "x"],
            {},
            Exit.USAGE,
            "'--priority': 'shouted' is not one",
        ),
        (["send", NOBODY, "more"], {}, Exit.USAGE, "argument(s) (more). Try 'bellwire send --help'."),
        (["send", NOBODY, "--timeout", "x", "--text", "x"], {}, Exit.USAGE, "number. Try 'bellwire send --help'."),
        (["send", NOBODY, "--card", "missing.json"], {}, Exit.USAGE, "--card: No such file or directory. Name"),
        (["send", NOBODY, "--text", "x", "--send-at", "tomorrow"], {}, Exit.USAGE, "--send-at"),
        (["send", NOBODY, "--text", "x", "--send-at", "2030-01-01T00:00:00"], {}, Exit.USAGE, "zone"),
        (["books"], NO_SERVICE, Exit.NO_SERVICE, "does not answer: connect failed."),
        (["books"], {"BELLWIRE_URL": "127.0.0.1:3978"}, Exit.USAGE, "begins with http:// or https://"),
        (["people", "check", "--csv", "none.csv"], {}, Exit.USAGE, "none.csv: No such file or directory."),
        (["people", "install", "none.csv"], BOT, Exit.USAGE, "none.csv: No such file or directory."),
        (["people", "export", "nowhere/people.json"], {}, Exit.USAGE, "nowhere/people.json.part: No such file"),
        (["serve"], {"BELLWIRE_SENDERS__ALERTS__APP_ID": "x"}, Exit.BAD_SETTING, "BELLWIRE_SENDERS__ALERTS"),
        (["serve"], {"BELLWIRE_SENDERS__ALERTS__APPID": "x"}, Exit.BAD_SETTING, "APPID: There is no such setting."),
        (["serve"], {"BELLWIRE_SENDERS__ALERTS__CLIENT_SECRET": "x"}, Exit.BAD_SETTING, "APP_ID: It is not set."),
        (["serve"], {"BELLWIRE_SENDER__ALERTS__APP_ID": "x"}, Exit.BAD_SETTING, "BELLWIRE_SENDERS__ALERTS__APP_ID?"),
        (["serve"], {"BELLWIRE_CLOUD_NAME": "gcc"}, Exit.BAD_SETTING, "BELLWIRE_CLOUD__..., with two underscores?"),
        (["keys", "list"], {"BELLWIRE_DATABSE_URL": "x"}, Exit.BAD_SETTING, "Did you mean BELLWIRE_DATABASE_URL?"),
        (
            ["serve"],
            {"BELLWIRE_DEFAULT_SENDER": "pigeon"},
            Exit.BAD_SETTING,
            "BELLWIRE_DEFAULT_SENDER: It names 'pigeon'",
        ),
        (["serve"], {"BELLWIRE_SENDER_ORDER": "a,b"}, Exit.BAD_SETTING, "BELLWIRE_SENDER_ORDER: It names 'a'"),
        (["serve"], {"BELLWIRE_CONFIG": "none.toml"}, Exit.BAD_SETTING, "BELLWIRE_CONFIG: There is no such file."),
        (["serve"], {"BELLWIRE_DATABASE_URL": "mysql://nowhere"}, Exit.BAD_SETTING, "BELLWIRE_DATABASE_URL"),
        (["keys", "list"], {"BELLWIRE_DATABASE_URL": "nonsense"}, Exit.BAD_SETTING, "BELLWIRE_DATABASE_URL"),
    ],
)
def test_what_goes_wrong_is_one_line_and_a_code(
    command: Command, arguments: list[str], env: Mapping[str, str], code: Exit, said: str
) -> None:
    ended = command(*arguments, env=env)
    assert (ended.code, ended.out) == (code, "")
    (line,) = ended.err.splitlines()
    assert line.startswith("bellwire: ")
    assert said in line


def test_a_name_that_is_nothing_like_a_settings_is_left_alone(command: Command) -> None:
    assert command("keys", "list", env={**OF_KUBERNETES, "BELLWIRE_API_KEY": "k"}).code == Exit.OK


@pytest.mark.parametrize("group", ["deliveries", "people", "callbacks", "keys", "database", "flow", "connector"])
def test_a_group_that_is_named_alone_shows_its_commands(command: Command, group: str) -> None:
    ended = command(group)
    assert ended.code == Exit.USAGE
    assert "Usage" in ended.out + ended.err
    assert "bellwire:" not in ended.err


def test_with_json_an_error_is_a_document(command: Command) -> None:
    ended = command("books", "--json", env=NO_SERVICE)
    assert ended.code == Exit.NO_SERVICE
    error = ended.json["error"]
    assert error["code"] == "unavailable"
    assert "bellwire serve" in error["remedy"]


@pytest.mark.parametrize("name", ["serve", "simulate"])
def test_a_port_that_is_taken_is_named(command: Command, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = command(name, "--port", str(taken.getsockname()[1]))
    assert ended.code == Exit.BAD_SETTING
    assert "--port" in ended.err


def test_a_defect_shows_no_traceback(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bellwire.cli.books.ask", lambda *_: 1 / 0)
    ended = command("books")
    assert ended.code == Exit.BROKEN
    assert ended.err == (
        "bellwire: ZeroDivisionError: a defect in Bellwire. Set BELLWIRE_LOG_LEVEL=debug to see where.\n"
    )


@pytest.mark.parametrize("content", [b"x = ", b"\xff", b"log_level = 'loud'", b"[senders.alerts]\napp_id = 'x'\n"])
def test_a_settings_file_that_cannot_be_used_is_named(command: Command, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bellwire.toml").write_bytes(content)
    ended = command("serve")
    assert ended.code == Exit.BAD_SETTING
    (line,) = ended.err.splitlines()
    assert re.match(r"bellwire: (bellwire\.toml|BELLWIRE_[A-Z_]+): [A-Z]", line)


def test_no_value_of_a_setting_is_ever_shown(command: Command) -> None:
    secret = "hunter2-and-more"
    own = "BELLWIRE_SENDERS__ALERTS__"
    ended = command("serve", env={f"{own}CLIENT_SECRET": secret, f"{own}MANAGED_IDENTITY": secret})
    assert ended.code == Exit.BAD_SETTING
    assert secret not in ended.err
