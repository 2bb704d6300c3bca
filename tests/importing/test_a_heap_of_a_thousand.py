"""A heap of 1,000 conversations in four foreign formats: only the people's own Teams chats are ever written to."""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from bellwire.simulator import Actor, Simulator
from tests.cli.conftest import Terminal
from tests.importing.heaps import in_snake_case
from tests.support.activities import Json
from tests.support.service import running

FAST: Final = {"BELLWIRE_PACE__TENANT_PER_SECOND": "2000"}
EACH: Final = 250
TEXT: Final = "The canteen is closed tomorrow."


@dataclass
class Heap:
    """Conversations of a simulated Teams as four bots kept them, and who may be written to because of them."""

    teams: Simulator
    deliverable: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)

    def records(self, place: int, actor: Actor) -> tuple[str, str | None, str]:
        """Where the bot met this person last: the channel, the kind and the id of the conversation."""
        match place % 5:
            case 0 | 1:
                actor.presence.installed = True
                self.deliverable.add(actor.aad_object_id)
                return "msteams", "personal", actor.chat().id
            case 2:
                actor.presence.acquired = True
                self.deliverable.add(actor.aad_object_id)
                return "msteams:COPILOT", "groupChat", actor.chat("copilot").id
            case 3:
                self.elsewhere.add(actor.aad_object_id)
                return "msteams", "groupChat", self.teams.group("Lunch", actor).id
        self.elsewhere.add(actor.aad_object_id)
        return "msteams", "channel", self.teams.team("Ops", actor).id

    def references(self, people: list[Actor]) -> Json:
        """The Bot Framework's in camelCase, the Agents SDK's in snake_case: one big map."""
        heap: Json = {}
        for place, actor in enumerate(people):
            channel, kind, id_ = self.records(place, actor)
            whole = {
                "user": {"id": actor.user_id, "aadObjectId": actor.aad_object_id},
                ("agent" if place % 2 else "bot"): {"id": f"28:{actor.bot.app_id}"},
                "conversation": {"id": id_, "conversationType": kind, "tenantId": actor.tenant_id},
                "channelId": channel,
                "serviceUrl": actor.service_url,
            }
            heap[actor.user_id] = in_snake_case(whole) if place % 2 else whole
        return heap

    def notification_store(self, people: list[Actor]) -> Json:
        """TeamsFx's, by tenant and conversation."""
        found = self.references(people).values()
        return {f"_{people[place].tenant_id}_{place}": each for place, each in enumerate(found)}

    def user_data(self, people: list[Actor]) -> list[Json]:
        """Company Communicator's table; it has no word for a product, so Copilot looks like a group."""
        return [
            {
                "PartitionKey": "UserData",
                "RowKey": actor.aad_object_id,
                "Timestamp": "2026-11-01T08:00:00.000Z",
                "AadId": actor.aad_object_id,
                "ConversationId": self.records(place, actor)[2],
                "ServiceUrl": actor.service_url,
                "TenantId": actor.tenant_id,
                "UserId": actor.user_id,
            }
            for place, actor in enumerate(people)
        ]

    def columns(self, people: list[Actor]) -> list[Json]:
        """Somebody's own; half of the Teams chats do not say that they are."""
        rows = []
        for place, actor in enumerate(people):
            channel, kind, id_ = self.records(place, actor)
            said = kind if place % 5 else None
            rows.append(
                {
                    "Object ID": actor.aad_object_id,
                    "Conversation ID": id_,
                    "Channel ID": channel,
                    "Conversation Type": said,
                }
            )
        return rows


@pytest.fixture
async def terminal(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Terminal]:
    from bellwire.simulator.limits import Limits

    async with (
        Simulator(limits=Limits(enforce=False)) as teams,
        running(database_url, teams=teams, environment=FAST) as service,
    ):
        monkeypatch.setenv("BELLWIRE_URL", service.url)
        monkeypatch.setenv("BELLWIRE_API_KEY", service.key)
        yield Terminal(service, capsys)


def write(folder: Path, heap: Heap, people: list[Actor]) -> None:
    (folder / "references.json").write_text(json.dumps(heap.references(people[:EACH]), indent=1))
    store = heap.notification_store(people[EACH : 2 * EACH])
    (folder / ".notification.localstore.json").write_text(json.dumps(store))
    table(folder / "UserData.csv", heap.user_data(people[2 * EACH : 3 * EACH]), encoding="utf-8-sig", delimiter=",")
    table(folder / "own.txt", heap.columns(people[3 * EACH :]), encoding="utf-16", delimiter="\t")


def table(file: Path, rows: list[Json], *, encoding: str, delimiter: str) -> None:
    with file.open("w", newline="", encoding=encoding) as out:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


async def test_a_thousand_are_told_apart_and_only_teams_chats_are_written_to(
    terminal: Terminal, tmp_path: Path
) -> None:
    teams, client = terminal.service.teams, terminal.service.client
    heap = Heap(teams)
    people = teams.crowd(4 * EACH, installed=False)
    folder = tmp_path / "heap"
    folder.mkdir()
    write(folder, heap, people)
    unmarked = {actor.aad_object_id for actor in people[2 * EACH : 3 * EACH] if actor.presence.acquired}
    deliverable = heap.deliverable - unmarked

    dry: Any = (await terminal.run("people", "import", str(folder), "--json")).json
    assert (await client.references()).items == []
    done: Any = (await terminal.run("people", "import", str(folder), "--apply", "--json")).json
    assert dry == {**done, "dry_run": True}
    assert done["entries"] == 1000
    assert done["verdicts"] == {"taken": 350, "known": 0, "mended": 200, "noted": 450, "refused": 0}

    mailing = await client.send_to_many(to=[actor.aad_object_id for actor in people], text=TEXT)
    assert set(mailing.refused) == heap.elsewhere | unmarked
    await teams.ledger.wait_for(len(deliverable), timeout=120)
    for delivery in await _all(terminal, mailing.message_id):
        await client.wait(delivery)
    assert {entry.person for entry in teams.ledger.entries} == deliverable
    assert {entry.surface for entry in teams.ledger.entries} == {"teams"}
    assert len(teams.ledger.entries) == len(deliverable)
    assert not [opening for opening in teams.ledger.openings if opening.copilot]
    assert teams.ledger.refusals == []


async def _all(terminal: Terminal, message_id: str) -> list[str]:
    ids, after = list[str](), None
    while True:
        page = await terminal.service.client.deliveries(message_id=message_id, limit=200, after=after)
        ids += [each.id for each in page]
        if (after := page.next) is None:
            return ids
