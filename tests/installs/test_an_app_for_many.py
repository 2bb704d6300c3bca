"""The app for a list or a group: at Graph's pace, each in the book once, resumed after any end."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from bellwire.simulator import Simulator, faults
from bellwire.simulator.graph.desk import GraphLimits
from bellwire.simulator.limits import Window

FAST = GraphLimits(install=(Window(3_000, 1),))


async def begin(sim: Simulator, folder: Path, *arguments: str, per_second: int = 2_500) -> Process:
    """The command, just begun."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("BELLWIRE_")},
        **sim.settings(),
        "BELLWIRE_PACE__INSTALLS_PER_SECOND": str(per_second),
    }
    command = (sys.executable, "-m", "bellwire", "people", "install", *arguments, "--json")
    return await asyncio.create_subprocess_exec(*command, cwd=folder, env=environment, stdout=PIPE, stderr=PIPE)


async def ended(process: Process) -> dict[str, int | str]:
    """What it says at its end."""
    out, err = await process.communicate()
    assert out, err.decode()
    told: dict[str, int | str] = json.loads(out)
    return told


def listed(folder: Path, *names: str) -> str:
    """A file with these names."""
    file = folder / "people.csv"
    file.write_text("\n".join(("person", *names)), encoding="utf-8")
    return str(file)


async def test_ten_thousand_get_the_app_although_the_command_is_killed_on_the_way(tmp_path: Path) -> None:
    async with Simulator() as sim:
        people = sim.crowd(10_000, installed=False)
        sim.graph.change(FAST)
        file = listed(tmp_path, *(actor.aad_object_id for actor in people))
        first = await begin(sim, tmp_path, file)
        await sim.events.until(lambda: sum(actor.presence.installed for actor in people[:3_000:100]) >= 25, 60)
        first.kill()
        await first.wait()
        told = await ended(await begin(sim, tmp_path, file))
        assert all(actor.presence.installed for actor in people)
        assert (told["listed"], told["open"], told["refused"], told["failed"]) == (10_000, 0, 0, 0)
        assert int(told["installed"]) + int(told["already"]) == 10_000
        # Only what was under way when the command died was asked for twice.
        assert sim.graph.gauge.arrivals["install"] <= 10_000 + 64
        assert sim.graph.gauge.exceeded == 0


async def test_graphs_own_limit_is_kept(tmp_path: Path) -> None:
    async with Simulator() as sim:
        people = sim.crowd(70, installed=False)
        file = listed(tmp_path, *(actor.aad_object_id for actor in people))
        told = await ended(await begin(sim, tmp_path, file, per_second=30))
        assert (told["installed"], sim.graph.gauge.exceeded) == (70, 0)


async def test_everybody_in_a_group_is_meant_but_for_guests_and_disabled_accounts(tmp_path: Path) -> None:
    async with Simulator() as sim:
        members = sim.crowd(3, installed=False)
        inner = sim.entra_group("inner", sim.person("Gus", guest=True), members[0])
        group = sim.entra_group("all", *members, sim.person("Dora", enabled=False), groups=[inner])
        told = await ended(await begin(sim, tmp_path, "--group", group.id))
        assert (told["listed"], told["installed"], told["refused"]) == (5, 3, 2)
        book = (tmp_path / "installs.csv").read_text(encoding="utf-8")
        assert ("guest" in book, "account_disabled" in book) == (True, True)


async def test_names_are_looked_up_and_every_refusal_is_in_the_book(tmp_path: Path) -> None:
    async with Simulator() as sim:
        adele, alex, there = sim.person("Adele"), sim.person("Alex"), sim.crowd(1)[0]
        alex.disable()
        sim.faults.add(faults.throttled(1, operation="install"))
        names = (adele.person.email, alex.person.email, there.aad_object_id, "nobody@contoso.example")
        told = await ended(await begin(sim, tmp_path, listed(tmp_path, *names)))
        assert (told["installed"], told["already"], told["refused"], told["open"]) == (1, 1, 2, 0)
        book = (tmp_path / "installs.csv").read_text(encoding="utf-8")
        assert ("policy_forbids" in book, "no_such_person" in book) == (True, True)
