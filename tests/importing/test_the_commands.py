"""``bellwire people import`` and ``export`` as a person uses them."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bellwire.cli.exits import Exit
from tests.cli.conftest import Terminal
from tests.importing.heaps import columns, copilot_reference, reference
from tests.support.activities import MEGAN, Json
from tests.support.service import running


@pytest.fixture
async def terminal(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Terminal]:
    async with running(sqlite_url, work=False) as service:
        monkeypatch.setenv("BELLWIRE_URL", service.url)
        monkeypatch.setenv("BELLWIRE_API_KEY", service.key)
        yield Terminal(service, capsys)


@pytest.fixture
def other_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of another migrated, empty database."""
    return f"sqlite+aiosqlite:///{shutil.copy(sqlite_template, tmp_path / 'other.db')}"


def ours(terminal: Terminal, entry: Json, person: str = MEGAN) -> Json:
    """An entry of this service's own tenant, bot and cloud."""
    teams = terminal.service.teams
    place = {**entry["conversation"], "tenantId": teams.bot.tenant_id}
    return {
        **{name: value for name, value in entry.items() if name not in ("bot", "agent")},
        "serviceUrl": f"{teams.url}/emea/",
        "user": {"aadObjectId": person},
        "conversation": place,
    }


def rows_of(report: Path) -> list[dict[str, str]]:
    with report.open(newline="") as rows:
        return list(csv.DictReader(rows))


def written(tmp_path: Path, *entries: object) -> Path:
    file = tmp_path / "heap.json"
    file.write_text(json.dumps(entries, indent=1))
    return file


async def test_without_apply_nothing_is_kept_and_the_command_says_so(terminal: Terminal, tmp_path: Path) -> None:
    somebody = MEGAN.replace("1", "2")
    heap = written(tmp_path, ours(terminal, reference()), ours(terminal, copilot_reference(), somebody))
    ended = await terminal.run("people", "import", str(heap))
    assert ended.code == Exit.OK
    assert all(word in ended.out for word in ("taken", "mended", "Copilot"))
    assert "dry run" in ended.err
    assert (await terminal.run("people", "list", "--json")).json == []
    assert "dry run" not in (await terminal.run("people", "import", str(heap), "--apply")).err
    assert len((await terminal.run("people", "list", "--json")).json) == 2


async def test_the_same_person_again_is_counted_once_in_a_dry_run_too(terminal: Terminal, tmp_path: Path) -> None:
    heap = written(tmp_path, *[ours(terminal, reference())] * 3)
    for apply in ([], ["--apply"]):
        told = (await terminal.run("people", "import", str(heap), "--json", *apply)).json
        assert told["verdicts"] == {"taken": 1, "known": 2, "mended": 0, "noted": 0, "refused": 0}


async def test_what_is_refused_is_told_by_file_and_line(terminal: Terminal, tmp_path: Path) -> None:
    heap = written(tmp_path, ours(terminal, reference(channelId="slack")))
    ended = await terminal.run("people", "import", str(heap))
    assert ended.code == Exit.NOT_DONE
    assert f"{heap}:2: It is no conversation in Teams." in ended.err


async def test_the_report_has_a_row_for_each_entry(terminal: Terminal, tmp_path: Path) -> None:
    heap, report = written(tmp_path, ours(terminal, reference()), {"user": 7}, 7), tmp_path / "report.csv"
    await terminal.run("people", "import", str(heap), "--report", str(report))
    first, second, third = rows_of(report)
    assert (first["verdict"], first["why"], first["aad_object_id"]) == ("taken", "teams_chat", MEGAN)
    assert (second["verdict"], second["field"]) == ("refused", "user")
    assert (third["verdict"], third["detail"]) == ("refused", "It is no conversation reference.")
    assert all(row["file"] == str(heap) and row["line"] for row in (first, second, third))


async def test_a_cell_that_a_spreadsheet_would_calculate_is_made_text(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil, report = tmp_path / "=cmd.json", tmp_path / "report.csv"
    evil.write_text("[7]")
    monkeypatch.chdir(tmp_path)
    await terminal.run("people", "import", evil.name, "--report", str(report))
    [row] = rows_of(report)
    assert row["file"] == "'=cmd.json"


@pytest.mark.parametrize("name", ["people.json", "people.csv"])
async def test_an_export_goes_into_another_service_without_loss(
    terminal: Terminal, tmp_path: Path, other_url: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    teams, file = terminal.service.teams, tmp_path / name
    for number in range(3):
        actor = teams.person(f"Zoë {number}", locale="de-DE")
        await actor.install()
        await actor.say("Hello", on="copilot" if number else "teams")
    await actor.uninstall()
    await teams.person("Only in Copilot").say("Hello", on="copilot")
    before = (await terminal.service.client.references()).items
    assert len(before) == 4
    assert (await terminal.run("people", "export", str(file))).code == Exit.OK
    async with running(other_url, work=False, teams=teams, environment=teams.settings()) as other:
        monkeypatch.setenv("BELLWIRE_URL", other.url)
        monkeypatch.setenv("BELLWIRE_API_KEY", other.key)
        told = (await terminal.run("people", "import", str(file), "--apply", "--json")).json
        assert told["verdicts"] == {"taken": 3, "known": 0, "mended": 1, "noted": 0, "refused": 0}
        assert (await other.client.references()).items == before


async def test_an_export_goes_to_standard_output_and_of_nobody_it_is_an_empty_list(terminal: Terminal) -> None:
    assert (await terminal.run("people", "export")).json == []
    assert (await terminal.run("people", "export", "--format", "csv")).out.startswith("sender,tenant_id,aad_object_id")


async def test_plain_columns_belong_to_the_senders_own_tenant(terminal: Terminal, tmp_path: Path) -> None:
    heap = written(tmp_path, columns(tenant_id=None, service_url=None, conversation_type="personal"))
    told = (await terminal.run("people", "import", str(heap), "--json")).json
    assert told["reasons"] == {"teams_chat": 1}


async def test_a_file_that_is_not_there_is_a_mistake_of_the_command_line(terminal: Terminal) -> None:
    ended = await terminal.run("people", "import", "nowhere.json")
    assert (ended.code, "no such file" in ended.err) == (Exit.USAGE, True)
