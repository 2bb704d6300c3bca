"""``bellwire simulate`` and ``bellwire serve`` find each other by the printed settings alone, and stop when told."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from bellwire.cli.exits import Exit
from bellwire.client import AsyncClient
from tests.cli.conftest import Command, clean_environment
from tests.support.logwatch import log_file

KEY = "a-key-for-this-test-alone"


@asynccontextmanager
async def started(directory: Path, *arguments: str, env: Mapping[str, str]) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bellwire",
        *arguments,
        cwd=directory,
        env=clean_environment() | dict(env),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        out, err = await process.communicate()
        log_file(arguments[0]).write_bytes(out + err)


async def line_with(stream: asyncio.StreamReader | None, pattern: str) -> str:
    """The first match of the pattern on the stream; the process that ends first fails the test."""
    assert stream is not None
    async with asyncio.timeout(120):  # a busy machine is no failure
        async for line in stream:
            if found := re.search(pattern, line.decode()):
                return found.group(1)
    raise AssertionError(f"the process ended without saying {pattern}")


async def exported(process: Process) -> dict[str, str]:
    """The settings that ``simulate`` printed, up to the last one."""
    assert process.stdout is not None
    found: dict[str, str] = {}
    async with asyncio.timeout(120):  # a busy machine is no failure
        while not any(name.endswith("CLIENT_SECRET") for name in found):
            name, _, value = (await process.stdout.readline()).decode().removeprefix("export ").strip().partition("=")
            found[name] = value.strip("'")
    return found


async def installed_person(session: aiohttp.ClientSession, teams: str, bot_endpoint: str) -> str:
    """The object id of somebody who installs the app, once Teams knows where its bot is."""
    async with session.patch(f"{teams}/control/bots/default", json={"endpoint": bot_endpoint}) as answer:
        assert answer.ok
    async with session.post(f"{teams}/control/people", json={"name": "Adele Vance"}) as answer:
        person = str((await answer.json())["aad_object_id"])
    async with session.post(f"{teams}/control/people/{person}/install", json={}) as answer:
        assert answer.ok
    return person


@dataclass(frozen=True)
class Pair:
    """A simulated Teams and a service beside it, the latter's client, and the addresses of both."""

    simulator: Process
    service: Process
    client: AsyncClient
    session: aiohttp.ClientSession
    teams: str
    url: str

    async def person(self) -> str:
        """The object id of somebody who has the app."""
        return await installed_person(self.session, self.teams, f"{self.url}/api/messages")


@asynccontextmanager
async def pair(directory: Path) -> AsyncIterator[Pair]:
    """The service has the settings that the simulator printed, and a key."""
    async with (
        started(directory, "simulate", "--port", "0", env={}) as simulator,
        started(
            directory, "serve", "--port", "0", env={**(printed := await exported(simulator)), "BELLWIRE_API_KEYS": KEY}
        ) as service,
        aiohttp.ClientSession() as session,
        AsyncClient(url := await line_with(service.stderr, r"runs at (http://[^;]+);"), key=KEY) as client,
    ):
        teams = printed["BELLWIRE_CLOUD__GRAPH_URL"].removesuffix("/graph")
        yield Pair(simulator, service, client, session, teams, url)


async def test_a_first_message_arrives_by_the_printed_settings_alone_and_both_end_on_sigterm(tmp_path: Path) -> None:
    async with pair(tmp_path) as both:
        async with both.session.get(f"{both.url}/readyz") as answer:
            assert answer.status == 200
        accepted = await both.client.send(to=await both.person(), text="It works by settings alone.")
        assert (await both.client.wait(accepted.id, timeout=30)).sent
        async with both.session.get(f"{both.teams}/control/ledger") as answer:
            assert [entry["surface"] for entry in (await answer.json())["entries"]] == ["teams"]
        for process in (both.service, both.simulator):
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(120):  # a busy machine is no failure
                assert await process.wait() == Exit.OK


async def test_a_flow_to_try_is_played_too_and_its_address_is_no_password(tmp_path: Path) -> None:
    async with started(tmp_path, "simulate", "--port", "0", "--flow", "studio", "--json", env={}) as process:
        assert process.stdout is not None
        async with asyncio.timeout(120):  # a busy machine is no failure
            said = json.loads(await process.stdout.readuntil(b"\n}\n"))
        assert said["settings"]["BELLWIRE_SENDERS__STUDIO__KIND"] == "flow"
        assert said["settings"]["BELLWIRE_DEFAULT_SENDER"] == "alerts"
        assert "sig=" not in str(said)


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("--sender", "my-alerts"),
        ("--sender", "a__b"),
        ("--flow", "Bad Name"),
        ("--flow", "alerts"),
        ("--flow", "a" * 41),
    ],
)
def test_a_name_whose_settings_could_not_be_used_is_refused(command: Command, option: str, name: str) -> None:
    ended = command("simulate", "--port", "0", option, name)
    assert (ended.code, ended.out) == (Exit.USAGE, "")
    assert option in ended.err


@pytest.mark.parametrize(("name", "field"), [("simulate", "settings"), ("serve", "senders")])
async def test_they_say_where_they_run_as_json_and_end_on_ctrl_c(tmp_path: Path, name: str, field: str) -> None:
    async with started(tmp_path, name, "--port", "0", "--json", env={}) as process:
        assert process.stdout is not None
        async with asyncio.timeout(120):  # a busy machine is no failure
            said = json.loads(await process.stdout.readuntil(b"\n}\n"))
        assert said["url"].startswith("http://127.0.0.1:")
        assert field in said
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(120):  # a busy machine is no failure
            assert await process.wait() == Exit.OK
