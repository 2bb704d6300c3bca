"""What counts as met."""

from __future__ import annotations

from bellwire.bench.results import Findings
from bellwire.bench.targets import verdicts
from tests.bench.findings import findings


def test_each_target_has_a_verdict_and_only_the_missed_one_is_missed() -> None:
    found = verdicts(findings())
    assert len(found) == 16
    assert [verdict.found for verdict in found if not verdict.met] == ["140 ms (p50 9 ms)"]


def test_sections_that_were_not_run_have_no_verdict() -> None:
    assert verdicts(Findings(machine={}, quick=True)) == []


def test_a_paced_run_that_lost_somebody_is_not_met() -> None:
    found = findings()
    found["paced"]["sent"] -= 1
    assert not verdicts(Findings(paced=found["paced"]))[0].met


def test_the_latency_target_is_that_of_a_single_caller() -> None:
    found = verdicts(Findings(accept=findings()["accept"]))
    assert [verdict.found for verdict in found] == ["3.0 ms", "9.0 ms", "2.50 s", "2.50 s", "0.30 s", "5,000, in 0.5 s"]


def test_an_end_that_cannot_be_read_back_is_not_met() -> None:
    found = findings()
    found["accept"]["handed"]["ends_read"] -= 1
    assert not verdicts(Findings(accept=found["accept"]))[-1].met


def test_without_sdks_nothing_is_said_about_them() -> None:
    found = findings()["throughput"]
    found["times_best_sdk"] = found["best_sdk"] = None
    assert not [verdict for verdict in verdicts(Findings(throughput=found)) if "SDK" in verdict.target]
