"""``bellwire doctor``: a table or a document, and an exit code that a script can act on."""

from __future__ import annotations

import asyncio

from bellwire.cli.exits import Exit
from tests.cli.conftest import Command
from tests.support.service import running


async def test_a_healthy_installation_ends_with_zero(command: Command, sqlite_url: str) -> None:
    async with running(sqlite_url, work=False) as service:
        env = {**service.teams.settings(), "BELLWIRE_DATABASE_URL": sqlite_url, "BELLWIRE_API_KEYS": service.key}
        endpoint = f"{service.url}/api/messages"
        asked = ("doctor", "--url", service.url, "--endpoint", endpoint)
        ended = await asyncio.to_thread(command, *asked, "--json", env=env)
        shown = await asyncio.to_thread(command, *asked, env=env)
    assert (ended.code, shown.code) == (Exit.OK, Exit.OK)
    assert ended.json["well"] is True
    assert {finding["level"] for finding in ended.json["findings"]} <= {"fine", "untold"}
    assert "Teams knows the bot" in shown.out
    assert service.key not in ended.out + shown.out


def test_what_stops_messages_ends_with_one_and_says_what_to_do(command: Command) -> None:
    ended = command("doctor", "--url", "http://127.0.0.1:9", env={"BELLWIRE_CLOUD__NAME": "custom"} | NOWHERE)
    assert ended.code == Exit.NOT_DONE
    assert "There is no sender." in ended.out
    assert "→ Set BELLWIRE_SENDERS__<NAME>__APP_ID" in ended.out
    assert "to put right" in ended.out.splitlines()[-1]


def test_a_setting_that_is_wrong_is_a_finding_too(command: Command) -> None:
    ended = command("doctor", "--json", env={"BELLWIRE_LOG_LEVEL": "loud"})
    assert ended.code == Exit.NOT_DONE
    (finding,) = ended.json["findings"]
    assert finding["check"] == "settings"
    assert finding["detail"].startswith("BELLWIRE_LOG_LEVEL")
    assert finding["remedy"]


NOWHERE = {
    "BELLWIRE_CLOUD__LOGIN_URL": "http://127.0.0.1:9",
    "BELLWIRE_CLOUD__OPENID_METADATA_URL": "http://127.0.0.1:9",
    "BELLWIRE_CLOUD__SERVICE_HOSTS": "127.0.0.1:9",
}
