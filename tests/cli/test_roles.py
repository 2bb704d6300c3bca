"""On one PostgreSQL, processes share the work: some answer callers and Teams, others send."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from bellwire.cli.exits import Exit
from bellwire.client import AsyncClient
from tests.cli.conftest import Command
from tests.cli.test_serve_and_simulate import KEY, exported, installed_person, line_with, started

RUNS_AT = r"runs at (http://[0-9.]+:[0-9]+)"


async def test_what_one_process_accepts_another_one_sends(tmp_path: Path, postgres_url: str) -> None:
    async with started(tmp_path, "simulate", "--port", "0", env={}) as simulator:
        settings = {**(printed := await exported(simulator)), "BELLWIRE_API_KEYS": KEY}
        settings["BELLWIRE_DATABASE_URL"] = postgres_url
        async with (
            started(tmp_path, "serve", "--role", "web", "--port", "0", env=settings) as web,
            started(tmp_path, "serve", "--role", "worker", "--port", "0", env=settings) as worker,
            aiohttp.ClientSession() as session,
        ):
            url, working = await line_with(web.stderr, RUNS_AT), await line_with(worker.stderr, RUNS_AT)
            assert await checks(session, url) == ["database"]
            assert await checks(session, working) == ["database", "worker"]
            for nothing_here in ("/v1/books", "/api/messages"):
                async with session.get(
                    f"{working}{nothing_here}", headers={"Authorization": f"Bearer {KEY}"}
                ) as answer:
                    assert answer.status == 404
            teams = printed["BELLWIRE_CLOUD__GRAPH_URL"].removesuffix("/graph")
            person = await installed_person(session, teams, f"{url}/api/messages")
            async with AsyncClient(url, key=KEY) as client:
                accepted = await client.send(to=person, text="It works by another process.")
                assert (await client.wait(accepted.id, timeout=30)).sent


async def checks(session: aiohttp.ClientSession, url: str) -> list[str]:
    """What ``/readyz`` looks at; all of it must be well."""
    async with session.get(f"{url}/readyz") as answer:
        assert answer.status == 200
        return [check["name"] for check in (await answer.json())["checks"]]


def test_a_role_alone_on_sqlite_is_refused_with_the_way_out(command: Command) -> None:
    ended = command("serve", "--role", "web", "--port", "0")
    assert ended.code == Exit.BAD_SETTING
    assert "PostgreSQL" in ended.err
    assert "--role all" in ended.err
