"""What is measured: the real Bellwire, as ``Bellwire.open`` makes it, in a process of its own.

``python -m bellwire.bench.subject --url CONNECTOR --database FILE`` puts people into a new database, says that it is
ready in one JSON line, and answers questions until its standard input ends. A question with ``seconds`` alone is a
lap of the contest.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from random import Random

import uvloop
from sqlalchemy import Connection

from bellwire.app import Bellwire
from bellwire.bench.database_cost import cost
from bellwire.bench.drive import Drive
from bellwire.bench.machine import now_mb, peak_mb
from bellwire.bench.peer import Answer, answer_lines
from bellwire.bench.people import APP_ID, SENDER, TENANT, reference, references, tenant_id
from bellwire.collector import spare_what_is_loaded
from bellwire.config import Settings, load_settings
from bellwire.model.delivery import Priority
from bellwire.model.reference import ConversationReference
from bellwire.store import tables
from bellwire.store.references import put_many

CHUNK = 2_000
UNLIMITED = 1_000_000
SEED = 4711


class Subject:
    """Answers the bench's questions; each method named after one."""

    def __init__(self, settings: Settings, *, single: bool) -> None:
        self.settings = settings
        self.single = single
        self.people: list[ConversationReference] = []
        self.working: Drive | None = None
        self.stack = AsyncExitStack()

    async def answer(self, question: Answer) -> Answer:
        """Find the method, and pass it the rest of the question."""
        methods: dict[str, Callable[..., Awaitable[Answer]]] = {
            "lap": self.lap,
            "fill": self.fill,
            "work": self.work,
            "broadcast": self.broadcast,
            "urgent": self.urgent,
            "many": self.many,
            "empty": self.empty,
        }
        return await methods[question.pop("do", "lap")](**question)

    async def populate(self, people: list[ConversationReference]) -> None:
        """Store everybody's reference."""
        self.people = people
        async with Bellwire.open(self.settings, work=False) as bellwire:
            for start in range(0, len(people), CHUNK):
                await bellwire.database.write(partial(put_many, several=people[start : start + CHUNK]))

    async def lap(self, seconds: float) -> Answer:
        """A turn of the contest: accept and send for so long, then until the last outcome is written."""
        if self.working is None:
            bellwire = await self.stack.enter_async_context(Bellwire.open(self.settings))
            self.working = Drive(bellwire, self.people)
        return await (self.working.accept_singly if self.single else self.working.accept_in_batches)(seconds)

    async def fill(self, count: int) -> Answer:
        """Queue so many bulk deliveries, with no worker running."""
        async with Bellwire.open(self.settings, work=False) as bellwire:
            drive = Drive(bellwire, self.people)
            chunk = min(CHUNK, len(self.people))
            before = await cost(bellwire.database)
            for start in range(0, count, chunk):
                await drive.accept(min(chunk, count - start), Priority.BULK)
            return (await cost(bellwire.database)).since(before)

    async def work(self, seconds: float) -> Answer:
        """Send from what is queued for so long, begun when a message of every tenant is out."""
        async with Bellwire.open(self.settings) as bellwire:
            drive = Drive(bellwire, self.people)
            before = await drive.ended()
            await drive.until_every_lane_moved()
            spent = await cost(bellwire.database)
            lap = await drive.watch(seconds)
            lap |= (await cost(bellwire.database)).since(spent)
            lap["now_mb"] = now_mb()
        async with Bellwire.open(self.settings, work=False) as bellwire:
            lap["taken"] = await Drive(bellwire, self.people).ended() - before
        return lap

    async def empty(self) -> Answer:
        """Give a database that is not the bench's own file back as it was: without deliveries."""
        async with Bellwire.open(self.settings, work=False) as bellwire:
            await bellwire.database.write(_empty)
        return {}

    async def broadcast(self) -> Answer:
        """One message to everybody, accepted in one call; answered when every delivery has ended."""
        async with Bellwire.open(self.settings) as bellwire:
            drive = Drive(bellwire, self.people)
            await drive.accept(len(self.people), Priority.BULK)
            await drive.until_all_ended()
            return {"sent": (await drive.totals()).sent}

    async def urgent(self, count: int, gap: float, mark: str) -> Answer:
        """Urgent messages at irregular moments, while the worker sends what was queued before."""
        random = Random(SEED)  # noqa: S311 - moments, not secrets
        async with Bellwire.open(self.settings) as bellwire:
            drive = Drive(bellwire, self.people)
            await drive.until_something_ended()
            texts = [f"urgent-{mark}{number:07d}" for number in range(count)]
            under_way = []
            for text in texts:
                await asyncio.sleep(random.uniform(0, 2 * gap))
                under_way.append(asyncio.create_task(drive.send_urgently(text)))
            moments = await asyncio.gather(*under_way)
            left = await drive.open()
        return {
            "started": {text: moment[0] for text, moment in zip(texts, moments, strict=True)},
            "accepted": [accepted - started for started, accepted in moments],
            "bulk_left": left,
        }

    async def many(self) -> Answer:
        """A delivery for everybody in one call."""
        async with Bellwire.open(self.settings, work=False) as bellwire:
            drive = Drive(bellwire, self.people)
            began, cpu = time.perf_counter(), time.process_time()
            await drive.accept(len(self.people), Priority.BULK)
            seconds = time.perf_counter() - began
            return {"seconds": seconds, "cpu_seconds": time.process_time() - cpu, "rss_mb": peak_mb()}


def _empty(conn: Connection) -> None:
    for table in (tables.attempts, tables.deliveries, tables.messages, tables.books, tables.lanes):
        conn.execute(table.delete())


def variables(url: str, database: str, per_second: int, tenants: int) -> dict[str, str]:
    """The settings of a service that takes the bench's connector for Teams."""
    host = url.split("/")[2]
    cloud, sender = "BELLWIRE_CLOUD__", f"BELLWIRE_SENDERS__{SENDER.upper()}__"
    return {
        f"{cloud}NAME": "custom",
        f"{cloud}LOGIN_URL": url,
        f"{cloud}OPENID_METADATA_URL": f"{url}/openid",
        f"{cloud}TOKEN_ISSUER": "https://bench.invalid",
        f"{cloud}BOT_SCOPE": "https://bench.invalid/.default",
        f"{cloud}GRAPH_URL": f"{url}/graph",
        f"{cloud}SERVICE_HOSTS": host,
        f"{sender}APP_ID": APP_ID,
        f"{sender}TENANT_ID": TENANT,
        f"{sender}CLIENT_SECRET": "of no value outside the bench",
        "BELLWIRE_DATABASE_URL": database,
        "BELLWIRE_ALLOWED_TENANTS": ",".join(map(tenant_id, range(tenants))),
        "BELLWIRE_PACE__TENANT_PER_SECOND": str(per_second),
        "BELLWIRE_LOG_LEVEL": "error",
        "BELLWIRE_CONFIG": os.devnull,
    }


def population(given: argparse.Namespace, tenant: str) -> list[ConversationReference]:
    """The people of the bench, or those whom the simulator has told."""
    if given.people_file is None:
        return list(references(given.people, given.url, given.tenants))
    return [reference(tenant, told) for told in json.loads(given.people_file.read_text())]


async def serve(given: argparse.Namespace) -> None:
    """Answer questions until standard input ends."""
    told = {name: value for name, value in os.environ.items() if name.startswith(("BELLWIRE_CLOUD_", "BELLWIRE_SEND"))}
    database = given.database_url or f"sqlite+aiosqlite:///{given.database}"
    own = variables(given.url, database, given.per_second, given.tenants)
    os.environ.update({**own, **told})
    settings = load_settings()
    spare_what_is_loaded()  # as `bellwire serve` does
    subject = Subject(settings, single=given.single)
    await subject.populate(population(given, str(settings.senders[SENDER].tenant_id)))
    async with subject.stack:
        await answer_lines(subject.answer, {"settings": own})


def main() -> None:
    """Run the process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--database-url")
    parser.add_argument("--tenants", type=int, default=1)
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--people-file", type=Path)
    parser.add_argument("--per-second", type=int, default=UNLIMITED)
    parser.add_argument("--single", action="store_true")
    parser.add_argument("--core", type=int)
    given = parser.parse_args()
    if given.core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {given.core})
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(given))


if __name__ == "__main__":
    main()
