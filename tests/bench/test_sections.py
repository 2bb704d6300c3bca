"""Every section runs from end to end at a tiny size, against real processes."""

from __future__ import annotations

from pathlib import Path

from bellwire.bench.relayed import WARM_UP
from bellwire.bench.results import Findings
from bellwire.bench.run import Plan, run
from bellwire.bench.scale import Scale

TINY = Scale(
    people=600,
    rounds=1,
    lap=0.1,
    paced_people=60,
    urgent_bulk=30,
    urgent_count=3,
    queue_levels=(1_000,),
    queue_rounds=1,
    accept_count=32,
    accept_many=200,
    accept_handed=250,
    accept_repeats=1,
    relayed_turns=10,
    tenants_people=40,
    tenants_queued=1_200,
    tenants_lap=1.2,
)


async def findings(section: str, folder: Path, postgres: str | None = None) -> Findings:
    plan = Plan(
        sections=(section,),
        scale=TINY,
        environments=folder,
        scratch=folder,
        sdks=False,
        pin=False,
        postgres=postgres,
    )
    return await run(plan, lambda _what, _share: None, lambda _findings: None)


async def test_throughput_is_what_the_connector_counted(tmp_path: Path) -> None:
    found = (await findings("throughput", tmp_path))["throughput"]
    assert [row["name"] for row in found["standings"]] == ["bellwire", "bellwire_single", "bare_aiohttp"]
    for row in found["standings"]:
        assert row["confirmed"] == row["sent"] > 0
        assert row["people"] <= 600
        assert row["failed"] == 0


async def test_a_paced_run_reaches_everybody_and_is_never_throttled(tmp_path: Path) -> None:
    found = (await findings("paced", tmp_path))["paced"]
    assert (found["sent"], found["throttled"]) == (60, 0)
    assert found["fullest_second"] <= 50


async def test_urgent_messages_arrive_during_both_bulk_runs(tmp_path: Path) -> None:
    found = (await findings("urgent", tmp_path))["urgent"]
    assert [(run["paced"], run["urgent"]) for run in found] == [(True, 3), (False, 3)]


async def test_the_backlog_is_worked_off(tmp_path: Path) -> None:
    found = (await findings("queue", tmp_path))["queue"]
    assert [level["queued"] for level in found] == [1_000]
    assert all(level["database_mb"] > 0 for level in found)


async def test_messages_are_accepted_over_http_and_in_one_call(tmp_path: Path) -> None:
    found = (await findings("accept", tmp_path))["accept"]
    assert [way["count"] for way in found["one"]] == [32, 32]
    assert [(many["way"], many["deliveries"]) for many in found["many"]] == [
        ("over HTTP", 200),
        ("by the library", 200),
    ]
    assert (found["handed"]["deliveries"], found["handed"]["ends_read"]) == (250, 250)


async def test_the_relay_learns_from_the_turns_that_it_passes_on(tmp_path: Path) -> None:
    found = (await findings("relay", tmp_path))["relay"]
    assert found["turns"] == 10
    assert found["learnt"] == 10 + WARM_UP
    assert found["relayed_p50_ms"] > 0


async def test_many_tenants_are_served_by_one_worker_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    found = (await findings("tenants", tmp_path, postgres_url))["tenants"]
    assert [(run["tenants"], run["per_second"]) for run in found["runs"]] == [(20, 50), (1_000, 1), (20, None)]
    assert all(run["rate"] > 0 and run["database_cpu_per_thousand"] > 0 for run in found["runs"])
    assert all(run["pacing_per_thousand"] > 0 and run["log_bytes"] > 1_000 for run in found["runs"])
    assert [run["slowest_of_limit"] is None for run in found["runs"]] == [False, False, True]


async def test_without_a_postgresql_that_section_is_left_out(tmp_path: Path) -> None:
    assert "tenants" not in await findings("tenants", tmp_path)
