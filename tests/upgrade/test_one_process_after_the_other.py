"""Under load, the version before is replaced process by process; Teams' ledger and our books agree to the letter.

The older processes are the repository's own older code, run from its history beside the new code on one PostgreSQL.
"""

from __future__ import annotations

import asyncio
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from bellwire.simulator import Simulator
from bellwire.simulator.actor import Actor
from bellwire.simulator.limits import Limits, Window
from bellwire.store import books
from bellwire.store.database import Database
from tests.cli.test_serve_and_simulate import line_with, started
from tests.support.postgres import PostgresServer
from tests.support.reckoning import accounts, disagreements
from tests.upgrade.older import code_before, newest_migration

KEY: Final = "a-key-for-the-rolling-upgrade"
PER_SECOND: Final = 50
TENANTS: Final = tuple(f"{number:08d}-1111-4111-8111-111111111111" for number in range(1, 4))
PEOPLE: Final = 30
CALLERS: Final = 3
A_WHILE: Final = 60
AHEAD: Final = 100
PATIENCE: Final = 90.0
STOPPED_IN: Final = 60.0


@pytest.fixture
def bare_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of a PostgreSQL database without any tables."""
    name = postgres_server.create()
    yield postgres_server.url(name)
    postgres_server.drop(name)


@dataclass
class Callers:
    """Callers who repeat a call with its Idempotency-Key, at whichever web process there is, until it is accepted."""

    teams: Simulator
    people: list[Actor]
    webs: list[str]
    promised: dict[str, str] = field(default_factory=dict)
    enough: bool = False
    _number: int = 0

    async def call(self, session: aiohttp.ClientSession) -> None:
        """One caller: message after message, never far ahead of what Teams got."""
        while not self.enough:
            await self.teams.ledger.wait_for(len(self.promised) - AHEAD, PATIENCE)
            self._number += 1
            text = f"upgrade message {self._number:06d}"
            person = self.people[self._number % len(self.people)]
            to = {"aad_object_id": person.aad_object_id, "tenant_id": person.tenant_id}
            while (accepted := await self._try(session, text, {"to": to, "text": text})) is None:
                pass
            self.promised[text] = accepted

    async def _try(self, session: aiohttp.ClientSession, text: str, body: Mapping[str, Any]) -> str | None:
        headers = {"Authorization": f"Bearer {KEY}", "Idempotency-Key": text.replace(" ", "-")}
        try:
            async with session.post(f"{self.webs[-1]}/v1/messages", json=body, headers=headers) as answer:
                said = await answer.json()
        except aiohttp.ClientError:
            return None
        if answer.status == 503:
            return None
        assert answer.status == 202, said
        return str(said["id"])

    async def a_while(self) -> None:
        """Until Teams got some more messages."""
        await self.teams.ledger.wait_for(len(self.teams.ledger.entries) + A_WHILE, PATIENCE)


@asynccontextmanager
async def calling(callers: Callers) -> AsyncIterator[None]:
    """They call for as long as the block runs; it ends when all of them have their answers."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session, asyncio.TaskGroup() as group:
        for _ in range(CALLERS):
            group.create_task(callers.call(session))
        yield
        callers.enough = True


async def test_a_rolling_upgrade_loses_nothing_and_exceeds_no_window(tmp_path: Path, bare_url: str) -> None:
    older = code_before(newest_migration(), tmp_path / "older")
    async with AsyncExitStack() as stack:
        # A few people get a message after the other: it is the tenants' windows that move from worker to worker.
        limits = Limits(tenant=(Window(PER_SECOND, 1),), send=(Window(PER_SECOND, 1),))
        teams = await stack.enter_async_context(Simulator(limits=limits))
        new = settings_of(teams, bare_url)
        old = {**new, "PYTHONPATH": str(older)}

        async def begun(role: str, env: Mapping[str, str], *options: str) -> tuple[Process, str]:
            run = started(tmp_path, "serve", "--role", role, "--port", "0", *options, env=env)
            process = await stack.enter_async_context(run)
            return process, await line_with(process.stderr, r"runs at (http://[0-9.]+:[0-9]+)")

        old_web, old_url = await begun("web", old)
        old_worker, _ = await begun("worker", old)
        callers = Callers(teams, await installed(teams, old_url), [old_url])
        async with calling(callers):
            await callers.a_while()
            upgrade = await stack.enter_async_context(started(tmp_path, "database", "upgrade", env=new))
            assert await upgrade.wait() == 0
            await callers.a_while()
            new_worker, _ = await begun("worker", new, "--no-upgrade")
            await stopped(old_worker)
            await callers.a_while()
            again, _ = await begun("worker", old)  # as after a roll-back, or a restart in the middle of it
            await stopped(new_worker)
            await callers.a_while()
            _, new_url = await begun("web", new, "--no-upgrade")
            last_worker, _ = await begun("worker", new, "--no-upgrade")
            teams.bot_endpoint = f"{new_url}/api/messages"
            callers.webs.append(new_url)
            await stopped(old_web)
            await stopped(again)
            await callers.a_while()
        await teams.ledger.wait_for(len(callers.promised), PATIENCE)
        await stopped(last_worker)
        assert not await disagreeing(bare_url, callers)
        assert not teams.exceeded


def settings_of(teams: Simulator, database_url: str) -> dict[str, str]:
    return {
        **teams.settings(),
        "BELLWIRE_DATABASE_URL": database_url,
        "BELLWIRE_API_KEYS": KEY,
        "BELLWIRE_ALLOWED_TENANTS": ",".join(TENANTS),
        "BELLWIRE_PACE__TENANT_PER_SECOND": str(PER_SECOND),
        "BELLWIRE_PACE__CONVERSATION_WINDOWS": "false",
        "BELLWIRE_LOG_LEVEL": "error",
    }


async def installed(teams: Simulator, url: str) -> list[Actor]:
    """People who install the app while the older version runs."""
    teams.bot_endpoint = f"{url}/api/messages"
    people = [actor for tenant in TENANTS for actor in teams.crowd(PEOPLE // len(TENANTS), tenant_id=tenant)]
    for actor in people:
        await actor.install()
    return people


async def stopped(process: Process) -> None:
    """The process is asked to end, and ends well."""
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(STOPPED_IN):
        assert await process.wait() == 0


async def disagreeing(database_url: str, callers: Callers) -> list[str]:
    """Where Teams' ledger and books that balance do not agree."""
    database = Database(database_url)
    await database.start()
    try:
        assert await database.read(books.audit) == []
        assert sum(book.open for book in await database.read(books.read)) == 0
        known = await database.read(lambda conn: accounts(conn, callers.teams.ledger))
    finally:
        await database.close()
    return disagreements(known, callers.promised, callers.teams.ledger)
