"""Tables are brought up to date by a step of its own, and a service that may not do it waits for that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from bellwire.cli.exits import Exit
from tests.cli.conftest import Command
from tests.cli.test_serve_and_simulate import exported, line_with, started
from tests.support.postgres import PostgresServer


@pytest.fixture
def bare_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of a PostgreSQL database without any tables."""
    name = postgres_server.create()
    yield postgres_server.url(name)
    postgres_server.drop(name)


async def test_a_service_that_leaves_the_tables_alone_waits_red_with_the_reason(tmp_path: Path, bare_url: str) -> None:
    async with started(tmp_path, "simulate", "--port", "0", env={}) as simulator:
        settings = {**await exported(simulator), "BELLWIRE_DATABASE_URL": bare_url}
        async with (
            started(tmp_path, "serve", "--no-upgrade", "--port", "0", env=settings) as service,
            aiohttp.ClientSession() as session,
        ):
            waiting = await line_with(service.stderr, r"Waiting at (http://[0-9.]+:[0-9]+)/readyz")
            async with session.get(f"{waiting}/healthz") as answer:
                assert answer.status == 200
            async with session.get(f"{waiting}/readyz") as answer:
                assert answer.status == 503
                (check,) = (await answer.json())["checks"]
                assert check["code"] == "tables_too_old"
                assert "bellwire database upgrade" in check["remedy"]
            async with session.post(f"{waiting}/v1/messages") as answer:
                assert (answer.status, (await answer.json())["code"]) == (503, "tables_too_old")
            async with started(tmp_path, "database", "upgrade", env=settings) as upgrade:
                assert await upgrade.wait() == Exit.OK
            url = await line_with(service.stderr, r"runs at (http://[0-9.]+:[0-9]+)")
            async with session.get(f"{url}/readyz") as answer:
                assert answer.status == 200


def test_the_version_of_the_tables_is_shown_and_to_look_makes_no_file(command: Command, tmp_path: Path) -> None:
    before = command("database", "show")
    assert before.code == Exit.NOT_DONE
    assert "no tables" in before.err
    assert not any(tmp_path.glob("*.db"))
    assert command("database", "upgrade").code == Exit.OK
    after = command("database", "show", "--json")
    assert after.code == Exit.OK
    assert '"behind": false' in after.out
