"""When a client secret ends is told where an administrator lets Entra tell, and nobody is warned where none does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bellwire.app import utc_now
from bellwire.flows.trigger import FlowPlace, trigger_of
from bellwire.service.doctor.examination import all_well
from bellwire.service.doctor.finding import Level
from bellwire.simulator import faults
from bellwire.simulator.graph.entra import EVERYTHING, READ_APPLICATIONS, ClientSecret
from tests.doctor.conftest import Patient

CHECK = "client secret"


def lists(patient: Patient, *days_and_hints: tuple[float, str | None]) -> None:
    """Entra has secrets that end in so many days; the hint ``own`` is that of the bot's."""
    own = patient.teams.bot.secret[:3]
    patient.teams.entra.list_secrets(
        *(
            ClientSecret(own if hint == "own" else hint, utc_now() + timedelta(days=days, minutes=1))
            for days, hint in days_and_hints
        )
    )


@pytest.mark.parametrize(("days", "level"), [(5, Level.WARNING), (29, Level.WARNING), (30, Level.FINE)])
async def test_a_secret_is_judged_by_its_end(patient: Patient, days: int, level: Level) -> None:
    lists(patient, (days, "own"))
    found = await patient.look(CHECK)
    assert (found.level, found.subject) == (level, "alerts")
    assert f"{utc_now() + timedelta(days=days, minutes=1):%Y-%m-%d}" in found.detail


async def test_a_secret_that_this_clock_finds_over_stops(patient: Patient) -> None:
    lists(patient, (10, "own"))
    found = await patient.look(CHECK, clock=lambda: utc_now() + timedelta(days=11))
    assert found.level is Level.STOPS
    assert "set its value" in (found.remedy or "")


async def test_of_a_secret_that_is_over_the_login_service_tells(patient: Patient) -> None:
    lists(patient, (-1, "own"), (300, "xyz"))
    found = await patient.look("credentials")
    assert found.level is Level.STOPS
    assert "has expired" in (found.remedy or "")


@pytest.mark.parametrize(
    ("listed", "level", "said"),
    [
        ([(10, "own"), (300, "xyz"), (400, None)], Level.WARNING, "in 10 days."),
        ([(10, None), (300, "xyz")], Level.WARNING, "in 10 days."),
        ([(10, "own"), (300, "own"), (400, "xyz")], Level.FINE, "Entra has 2 that it may be"),
        ([(10, "own"), (20, "own")], Level.WARNING, "in 20 days. Entra has 2"),
        ([(300, "xyz")], Level.UNTOLD, "lists none"),
        ([], Level.UNTOLD, "lists none"),
    ],
)
async def test_the_secret_in_use_is_told_from_the_others(
    patient: Patient, listed: list[tuple[float, str | None]], level: Level, said: str
) -> None:
    lists(patient, *listed)
    found = await patient.look(CHECK)
    assert (found.level, said in found.detail) == (level, True), found


async def test_without_the_permission_it_is_untold_and_no_warning(patient: Patient) -> None:
    patient.teams.entra.consent(*EVERYTHING - {READ_APPLICATIONS})
    lists(patient, (5, "own"))
    found = await patient.look(CHECK)
    assert found.level is Level.UNTOLD
    assert "Note the date" in (found.remedy or "")
    assert f"consent to {READ_APPLICATIONS}" in (found.remedy or "")
    assert all(each.level is Level.FINE for each in patient.seen if each.check == "permissions")
    assert all_well(patient.seen)


async def test_a_graph_that_does_not_answer_is_no_missing_permission(patient: Patient) -> None:
    patient.teams.faults.add(faults.throttled(300, operation="application"))
    found = await patient.look(CHECK)
    assert found.level is Level.UNTOLD
    assert "Look again" in (found.remedy or "")


async def test_where_nobody_can_be_asked_it_is_untold(patient: Patient) -> None:
    without_graph = replace(patient.installation.cloud, graph_url=None)
    assert (await patient.look(CHECK, cloud=without_graph)).level is Level.UNTOLD
    assert (await patient.look(CHECK, bots=patient.bot(tenant_id=None))).level is Level.UNTOLD


async def test_the_caller_of_a_flow_has_a_secret_too(patient: Patient) -> None:
    lists(patient, (5, "own"))
    path = "powerautomate/automations/direct/workflows/1/triggers/manual/paths/invoke"
    trigger = trigger_of(f"{patient.teams.url}/{path}", patient.installation.cloud, field="FLOW_URL")
    caller = replace(patient.installation.bots["alerts"], sender="studio")
    found = await patient.look(CHECK, bots={}, flows={"studio": FlowPlace(trigger, caller)})
    assert (found.level, found.subject) == (Level.WARNING, "studio")


async def test_neither_the_secret_nor_its_hint_is_said(patient: Patient) -> None:
    patient.teams.bot.secret = "Qz7~hunter2"
    bots = patient.bot(client_secret="Qz7~hunter2")
    for listed in [(5, "own")], [(5, "own"), (300, "own")], [(5, "xYz")]:
        lists(patient, *listed)
        await patient.look(CHECK, bots=bots)
        assert not [hint for hint in ("Qz7", "hunter2", "xYz") if hint in repr(patient.seen)]
